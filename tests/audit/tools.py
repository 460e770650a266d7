"""Each tool once: how it is run, how its findings are read."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.abuse.scene import PLAUSIBLE
from tests.audit.openapi import LEFT_OUT, PLACES, described
from tests.audit.stage import HOMES, SECRET, Target, clean_environment

ROOT = Path(__file__).parents[2]
VERSIONS = {"schemathesis": "4.32.5", "wapiti3": "3.2.3", "sqlmap": "1.10.10", "bandit": "1.9.4", "pip-audit": "2.10.1"}
# Attacks that need no server of the attacker's outside. ``csrf`` looks for a token, of which this site has none by
# design: tests/test_architecture.py sends every POST from another origin instead.
MODULES = "backup,cookieflags,crlf,csp,exec,file,htaccess,http_headers,methods,permanentxss,redirect,sql,upload,xss"
# Buttons beside each account that end the sessions of those who attack.
OTHERS = {f"/administration/comptes/{n}/{act}" for n in (1, 2, 3) for act in ("sessions", "desactivation")}
# Our links are read without what a sentence or a mail program puts after them: ``/confirmer/…~`` is no file.
TRIMMED = re.compile(r"(/en)?/(confirmer|pas-moi|mes-signatures|recours|reecrire|desabonnement|rester)/")
STARTS = {"public": "/", **HOMES}
# What bandit says that is no fault, and why. Lines with ruff’s ``noqa`` have their reason beside them.
JUDGED = {
    "B404 app/backup/postgres.py": "pg_dump and its like, found by ourselves, without a shell",
    "B603 app/backup/postgres.py": "the same",
    "B406 app/transparency/routes.py": "only escape(): nothing is parsed",
    "B106 app/pages/routes/links.py": "an empty token is no password",
}


@dataclass
class Seen:
    """What one tool did: ``tries`` of ``what`` it counts, what it found, or why it did not run."""

    tool: str
    about: str
    tries: str = ""
    findings: list[str] = field(default_factory=list)
    not_run: str = ""

    @property
    def version(self) -> str:
        return VERSIONS[self.tool]


def run(tool: str, *command: str, folder: Path, seconds: float, **env: str) -> subprocess.CompletedProcess[str]:
    """A pinned tool in an environment of its own; Raises TimeoutExpired."""
    uv = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    return subprocess.run(
        [uv, "tool", "run", "--quiet", "--from", f"{tool}=={VERSIONS[tool]}", *command],
        cwd=folder, env={**clean_environment(), **env}, capture_output=True, text=True, timeout=seconds, check=False,
        errors="replace", stdin=subprocess.DEVNULL,
    )  # fmt: skip


def schemathesis(target: Target, folder: Path, seconds: int, database: str) -> Seen:
    """Every operation of every place, as whoever works there."""
    seen = Seen("schemathesis", f"every route, {database}")
    cases = 0
    for place in PLACES:
        (folder / "openapi.json").write_text(json.dumps(described(place, target.holes)))
        cookie = target.cookie(place)
        done = run(
            "schemathesis", "schemathesis", "run", "openapi.json", "--url", target.url,
            "--checks", "not_a_server_error,content_type_conformance,response_headers_conformance,no_leak",
            "--phases", "examples,coverage,fuzzing", "--max-time", str(seconds), "--max-examples", "12",
            "--continue-on-failure", "--no-shrink", "--seed", "9", "--suppress-health-check", "all",
            "--warnings", "off", "--max-redirects", "0", "--request-timeout", "20", "--workers", "2", "--no-color",
            *(["--header", f"Cookie: {cookie}"] if cookie else []),
            folder=folder, seconds=seconds + 120, SCHEMATHESIS_HOOKS="leaks", PYTHONPATH=str(Path(__file__).parent),
            AUDIT_SECRETS=SECRET,
        )  # fmt: skip
        (folder / f"schemathesis-{database}-{place}.txt").write_text(done.stdout + done.stderr)
        if not target.is_in(place, cookie):
            seen.findings.append(f"{place}: the session ended on the way")
        counted = re.search(r"(\d[\d,]*) generated", done.stdout) or re.search(r"Test cases:\s+(\d[\d,]*)", done.stdout)
        cases += int(counted[1].replace(",", "")) if counted else 0
        found = re.findall(r"^_+ ((?:GET|POST) \S+) _+$|^- (.*)$", done.stdout, re.MULTILINE)
        at = ""
        for operation, failure in found:
            at = operation or at
            if failure and done.returncode:
                seen.findings.append(f"{place} {at}: {failure}")
        if done.returncode and not at:
            said = " ".join((done.stdout.rpartition(" ERRORS ")[2].partition(" SUMMARY ")[0] + done.stderr).split())
            seen.findings.append(f"{place}: ended with {done.returncode}: {said[:600]}")
    seen.tries = f"{cases} requests"
    return seen


def wapiti(target: Target, folder: Path, seconds: int) -> Seen:
    """Public pages, then those of each role: crawled, then attacked in what was found."""
    seen = Seen("wapiti3", "public and signed-in pages")
    pages = 0
    for place, start in (
        ("", "/"),
        ("organiser", "/organisation"),
        ("moderator", "/moderation"),
        ("admin", "/administration"),
    ):
        report = folder / f"wapiti-{place}.json"
        left_out = [
            word
            for path in sorted(LEFT_OUT | OTHERS)
            for word in ("-x", f"{target.url}{path}", "-x", f"{target.url}/en{path}")
        ]
        cookie = target.cookie(place)
        done = run(
            "wapiti3", "wapiti", "-u", f"{target.url}{start}", "--scope", "domain", "-m", MODULES, "-f", "json",
            "-o", str(report), "--no-bugreport", "--flush-session", "--store-session", str(folder / "wapiti"),
            "--store-config", str(folder / "wapiti-config"), "--max-scan-time", str(seconds), "--max-attack-time",
            str(max(4, seconds // 10)), "-t", "20", "--max-links-per-page", "40", "--max-files-per-dir", "15",
            "-d", "4", "-S", "normal", "--verify-ssl", "0", *left_out,
            *(["-C", cookie] if cookie else []),
            folder=folder, seconds=2 * seconds + 120,
        )  # fmt: skip
        (folder / f"wapiti-{place}.txt").write_text(done.stdout + done.stderr)
        if not report.exists():
            seen.findings.append(f"{place}: no report: {(done.stdout + done.stderr)[-300:]}")
            continue
        if not target.is_in(place, cookie):
            seen.findings.append(f"{place}: the session ended on the way")
        said = json.loads(report.read_text())
        pages += int(said["infos"].get("crawled_pages_nbr") or 0)
        for name, lines in [*said["vulnerabilities"].items(), *said["anomalies"].items()]:
            for line in lines:
                if name != "Backup file" or not TRIMMED.match(line["path"]):
                    seen.findings.append(f"{place}: {name}: {line['method']} {line['path']}: {line['info']}")
    seen.tries = f"{pages} pages crawled"
    return seen


def sqlmap(target: Target, folder: Path, seconds: int) -> Seen:
    """A few addresses; of each, what may reach a query."""
    seen = Seen("sqlmap", "what reaches a query")
    sign = {
        name: PLAUSIBLE[name] for name in ("email", "postal_code", "given_name", "family_name", "consent_signature")
    }
    doors: list[tuple[str, dict[str, str], str]] = [
        ("/?q=train&theme=Transports&tri=recentes&page=1", {}, ""),
        (target.older, {}, ""),
        ("/transparence?du=2026-01-01&au=2026-12-31", {}, ""),
        ("/connexion", {"email": "nobody@demo.test", "password": "x"}, ""),  # a real one would be closed to us
        (f"/petitions/{target.slug}/signatures", sign | {"age_declared": "on"}, ""),
        ("/administration/journal?avant=9&acte=session&compte=1", {}, "admin"),
        ("/moderation/lot", {"item-1": "0", "decision": "publish"}, "moderator"),
    ]
    for n, (path, form, place) in enumerate(doors):
        try:
            done = run(
                "sqlmap", "sqlmap", "-u", f"{target.url}{path}", "--batch", "--level", "1", "--risk", "1",
                "--technique", "BEUS", "--output-dir", str(folder / f"sqlmap-{n}"), "--disable-coloring",
                "--flush-session", "--timeout", "20", "--retries", "1", "--ignore-redirects", "--ignore-code", "*",
                *(["--data", urlencode(form), "-p", ",".join(list(form)[:2])] if form else []),
                *(["--cookie", target.cookie(place)] if place else []),
                folder=folder, seconds=seconds,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            said, done_in_time = (late.stdout or b"").decode(errors="replace"), False
        else:
            said, done_in_time = done.stdout, True
        (folder / f"sqlmap-{n}.txt").write_text(said)
        seen.findings += [
            f"{path}: {line}" for line in re.findall(r"^(?:Parameter: .*|.*is vulnerable.*)$", said, re.MULTILINE)
        ]
        if not done_in_time:
            seen.findings.append(f"{path}: not through in {seconds} s")
        elif "do not appear to be injectable" not in said and not seen.findings:
            seen.findings.append(f"{path}: nothing said: {said[-200:]}")
    seen.tries = f"{len(doors)} addresses"
    return seen


def bandit(folder: Path) -> Seen:
    """The code; what the house has judged, with its reason, is no finding."""
    seen = Seen("bandit", "app/")
    done = run(
        "bandit", "bandit", "-r", str(ROOT / "app"), "-f", "json", "-q", "-s", "B101", folder=folder, seconds=300
    )
    said = json.loads(done.stdout)
    judged = 0
    for found in said["results"]:
        path = Path(found["filename"])
        line = path.read_text().splitlines()[found["line_number"] - 1]
        where = str(path.relative_to(ROOT))
        if f"{found['test_id']} {where}" in JUDGED or f"noqa: S{found['test_id'][1:]}" in line:
            judged += 1
        else:
            seen.findings.append(f"{where}:{found['line_number']}: {found['test_id']} {found['issue_text']}")
    seen.findings += [
        f"{path}: not read: {error['reason']}" for error in said["errors"] for path in [error["filename"]]
    ]
    seen.tries = f"{said['metrics']['_totals']['loc']} lines; {judged} remarks judged, each with its reason"
    return seen


def pip_audit(folder: Path) -> Seen:
    """Known vulnerabilities of the locked versions: asks a service outside."""
    seen = Seen("pip-audit", "uv.lock")
    uv = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    locked = folder / "requirements.txt"
    subprocess.run(
        [uv, "export", "--locked", "--no-dev", "--no-emit-project", "--quiet", "-o", str(locked)], cwd=ROOT, check=True
    )
    try:
        done = run(
            "pip-audit", "pip-audit", "-r", str(locked), "--disable-pip", "-f", "json", folder=folder, seconds=120
        )
        said = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError):
        seen.not_run = "no network to a service of advisories"
        return seen
    asked = [package for package in said if "skip_reason" not in package]
    if not asked:
        # It then says that nothing is known, of nothing.
        seen.not_run = f"no network: of {len(said)} packages, none could be asked about"
        return seen
    seen.tries = f"{len(asked)} of {len(said)} packages"
    seen.findings = [f"{p['name']} {p['version']}: {v['id']}" for p in asked for v in p["vulns"]]
    return seen
