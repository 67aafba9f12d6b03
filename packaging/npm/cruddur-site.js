#!/usr/bin/env node
// Runs the program that npm has installed for this platform as if it had been called itself: same arguments, same terminal, same
// signals, same exit status.
"use strict";

const { spawn } = require("node:child_process");
const { homepage, optionalDependencies, version } = require("../package.json");

const platform = `${process.platform}-${process.arch}`;
const dependency = `@cruddur/cruddur-site-${platform}`;

function fail(...lines) {
  console.error(`cruddur-site: ${lines.join("\n  ")}`);
  process.exit(1);
}

function program() {
  const file = process.platform === "win32" ? "cruddur-site.exe" : "cruddur-site";
  try {
    return require.resolve(`${dependency}/bin/${file}`);
  } catch {
    if (!(dependency in optionalDependencies)) {
      fail(
        `npm has no program for ${platform}.`,
        "With Rust, this builds one: cargo install cruddur-site",
        `Other ways to install: ${homepage}`,
      );
    }
    // npm leaves it out when told to, and when package-lock.json was written on another platform: https://github.com/npm/cli/issues/4828
    fail(
      `the program for ${platform} is missing: npm did not install the optional package ${dependency}.`,
      "Install again without --omit=optional and --no-optional. If that does not help, delete node_modules and package-lock.json first,",
      `or ask for it by name: npm install ${dependency}@${version}`,
    );
  }
}

const child = spawn(program(), process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => fail(`cannot be run: ${error.message}`));

// A signal that is sent to this process alone must reach the program; from a terminal, it comes to both. Windows has no signals: Ctrl-C
// comes to both there too, and `kill` would end the program without a word.
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
const forward = (signal) => process.platform === "win32" || child.kill(signal);
for (const signal of signals) process.on(signal, forward);

child.on("exit", (status, signal) => {
  if (signal === null) process.exit(status);
  // Ends as the program did, so that the caller sees the signal too.
  for (const name of signals) process.off(name, forward);
  process.kill(process.pid, signal);
});
