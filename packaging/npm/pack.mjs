#!/usr/bin/env node
// Makes the folders of the npm packages, ready for `npm pack` and `npm publish`: one for each platform, from a release's archives, and
// the one that people install, which names these as optional dependencies. npm installs the one whose `os` and `cpu` fit.
//
//   packaging/npm/pack.mjs ARCHIVES OUT [PLATFORM...]
//
// Without PLATFORM (as npm names them: linux-x64), all. Prints the folders in the order in which they must be published.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

// The Linux programs are static, so they run with any C library: no `libc`.
const TARGETS = {
  "linux-x64": "x86_64-unknown-linux-musl",
  "linux-arm64": "aarch64-unknown-linux-musl",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
  "win32-x64": "x86_64-pc-windows-msvc",
};

const [archives, out, ...chosen] = process.argv.slice(2);
if (out === undefined) {
  console.error("usage: pack.mjs ARCHIVES OUT [PLATFORM...]");
  process.exit(2);
}

const here = import.meta.dirname;
const root = resolve(here, "../..");
const manifest = readFileSync(join(root, "Cargo.toml"), "utf8").split("[dependencies]")[0];
const field = (name) => manifest.match(new RegExp(`^${name} = "(.*)"$`, "m"))[1];

const name = field("name");
const version = field("version");
const packageOf = (platform) => `@cruddur/${name}-${platform}`;
const shared = {
  version,
  license: `(${field("license")})`,
  homepage: field("repository"),
  // npm refuses provenance for a package whose repository is not the one that publishes it.
  repository: { type: "git", url: `git+${field("repository")}.git` },
};

function write(folder, fields) {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(fields, null, 2)}\n`);
  for (const file of readdirSync(root).filter((file) => file.startsWith("LICENSE-"))) {
    copyFileSync(join(root, file), join(folder, file));
  }
  console.log(folder);
}

function fresh(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "bin"), { recursive: true });
  return folder;
}

function makePlatform(platform) {
  const target = TARGETS[platform];
  if (target === undefined) throw new Error(`no such platform: ${platform}`);
  const [os, cpu] = platform.split("-");
  const archive = join(archives, `${name}-v${version}-${target}`);
  const inside = `${name}-v${version}-${target}`;
  const folder = fresh(join(out, `${name}-${platform}`));
  const bin = join(folder, "bin");
  if (os === "win32") {
    execFileSync("unzip", ["-q", "-j", `${archive}.zip`, `${inside}/${name}.exe`, "-d", bin]);
  } else {
    execFileSync("tar", ["-xzf", `${archive}.tar.gz`, "-C", bin, "--strip-components=1", `${inside}/${name}`]);
  }
  const description = `The ${platform} program of ${name}`;
  writeFileSync(join(folder, "README.md"), `# ${packageOf(platform)}\n\n${description}: install that package instead.\n`);
  // Yarn would keep it zipped, and a program cannot be run out of a zip file.
  write(folder, { name: packageOf(platform), description, ...shared, os: [os], cpu: [cpu], preferUnplugged: true });
}

function makeWrapper() {
  const folder = fresh(join(out, name));
  copyFileSync(join(here, "cruddur-site.js"), join(folder, "bin", "cruddur-site.js"));
  copyFileSync(join(here, "README.md"), join(folder, "README.md"));
  write(folder, {
    name,
    description: field("description"),
    keywords: JSON.parse(manifest.match(/^keywords = (\[.*\])$/m)[1]),
    ...shared,
    bin: { [name]: "bin/cruddur-site.js" },
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(Object.keys(TARGETS).map((platform) => [packageOf(platform), version])),
  });
}

for (const platform of chosen.length > 0 ? chosen : Object.keys(TARGETS)) makePlatform(platform);
// Last, so that whoever installs it finds what it names.
makeWrapper();
