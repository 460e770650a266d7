// Solves a challenge of ALTCHA in its own workers; gives what the form sends, "" when it cannot be solved.
export async function solve(challenge, url) {
  const n = Math.min(4, navigator.hardwareConcurrency || 1);
  const workers = Array.from({ length: n }, () => new Worker(url));
  const answers = workers.map(
    (worker, i) =>
      new Promise((resolve, reject) => {
        worker.onerror = reject;
        worker.onmessage = ({ data }) => (data?.error ? reject(data.error) : resolve(data));
        worker.postMessage({ type: "work", challenge, counterStart: i, counterStep: n, timeout: 20_000 });
      }),
  );
  try {
    const solution = await Promise.race(answers);
    return solution ? btoa(JSON.stringify({ challenge, solution })) : "";
  } finally {
    for (const worker of workers) worker.terminate();
  }
}
