/**
 * Loaded before every test (bunfig.toml): a test sees the same environment on a desk and in CI. What CI systems set changes
 * what the runner does (it writes no missing snapshot there, and adds to GitHub's job summary), so a test that wants it sets it.
 */
const OF_CI = /^(CI$|GITHUB_|GITLAB_)/;

for (const name of Object.keys(process.env)) {
  if (OF_CI.test(name)) delete process.env[name];
}
