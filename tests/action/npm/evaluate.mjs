// Evaluates GitHub Actions templates with GitHub's own library: {contexts, status, templates} on standard input, the texts they
// become on standard output. What the library does not know is an error.
import { readFileSync } from "node:fs";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";

const { contexts, succeeded, templates } = JSON.parse(readFileSync(0, "utf8"));
const context = JSON.parse(JSON.stringify(contexts), data.reviver);

// The functions of a step's `if`, which the runner adds (actions/runner, CompositeActionHandler.cs).
const status = { success: succeeded, failure: !succeeded, always: true, cancelled: false };
const functions = Object.entries(status).map(([name, value]) => ({
  name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value),
}));

const evaluated = (expression) => {
  const tree = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), functions).parse();
  const table = new Map(functions.map((one) => [one.name, one]));
  return new Evaluator(tree, context, table).evaluate().coerceString();
};
const text = (template) => template.replace(/\$\{\{(.*?)\}\}/gs, (_, expression) => evaluated(expression.trim()));

process.stdout.write(JSON.stringify(templates.map(text)));
