# One image for the web, the worker and the command line. Each step is a command that the README or
# `make setup` uses too, and tests/test_container.py runs them where no container engine is at hand.
FROM python:3.13-slim AS build
WORKDIR /srv/signons
RUN python -m venv /uv && /uv/bin/python -m pip install -q 'uv>=0.9'
COPY pyproject.toml uv.lock ./
RUN /uv/bin/uv sync --locked --no-dev --group postgres-client --no-install-project --no-editable
COPY app app
COPY migrations migrations
COPY templates templates
COPY docs docs
RUN /uv/bin/uv sync --locked --no-dev --group postgres-client --compile-bytecode
RUN .venv/bin/python -m app.locale.compile

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /srv/signons signons && install -d -o signons /srv/signons/var
WORKDIR /srv/signons
COPY --from=build /srv/signons /srv/signons
ENV PATH="/srv/signons/.venv/bin:$PATH" PYTHONUNBUFFERED=1 SIGNONS_VAR_DIR=/srv/signons/var \
    SIGNONS_DATABASE_URL=sqlite:////srv/signons/var/signons.db
USER signons
VOLUME /srv/signons/var
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["signons", "serve", "--host", "0.0.0.0", "--port", "8000"]
