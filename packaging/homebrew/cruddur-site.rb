class CruddurSite < Formula
  desc "@DESCRIPTION@"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@URL aarch64-apple-darwin@"
      sha256 "@SHA256 aarch64-apple-darwin@"
    end
    on_intel do
      url "@URL x86_64-apple-darwin@"
      sha256 "@SHA256 x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@URL aarch64-unknown-linux-musl@"
      sha256 "@SHA256 aarch64-unknown-linux-musl@"
    end
    on_intel do
      url "@URL x86_64-unknown-linux-musl@"
      sha256 "@SHA256 x86_64-unknown-linux-musl@"
    end
  end

  def install
    bin.install "cruddur-site"
    bash_completion.install "completions/cruddur-site.bash" => "cruddur-site"
    zsh_completion.install "completions/_cruddur-site"
    fish_completion.install "completions/cruddur-site.fish"
    pwsh_completion.install "completions/_cruddur-site.ps1"
    man1.install Dir["man/*.1"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/cruddur-site --version")
    (testpath/"site/index.html").write "<!doctype html><title>Hello</title>"
    system bin/"cruddur-site", "publish", "site", "--local"
    assert_path_exists testpath/".cruddur-local"
  end
end
