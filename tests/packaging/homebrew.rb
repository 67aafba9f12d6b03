# Stands in for Homebrew: reads a formula on a system of one's choice and, in an unpacked archive, installs it.
#
#   ruby homebrew.rb FORMULA OS CPU [PREFIX]
#
# Prints what Homebrew would look at as JSON. With PREFIX, installs from the current folder into it.
require "fileutils"
require "json"

FORMULA, OS, CPU, PREFIX = ARGV

class Folder < String
  # As Homebrew's Pathname extension: files, lists of files, and renamings.
  def install(*sources)
    sources.flatten.each do |source|
      from, to = source.is_a?(Hash) ? source.first : [source, File.basename(source)]
      raise "nothing to install" unless File.file?(from)
      FileUtils.install(from, File.join(FileUtils.mkdir_p(self).first, to), mode: File.stat(from).mode)
    end
  end
end

class Formula
  @@said = {}

  class << self
    %i[desc homepage version url sha256 license].each do |field|
      define_method(field) do |value|
        raise "#{field} is said twice" if @@said.key?(field)
        @@said[field] = value
      end
    end

    def on_macos = (yield if OS == "macos")
    def on_linux = (yield if OS == "linux")
    def on_arm = (yield if CPU == "arm")
    def on_intel = (yield if CPU == "intel")
    def test; end
    def said = @@said
  end

  # Where https://docs.brew.sh/Formula-Cookbook says that they are.
  {
    bin: "bin",
    man1: "share/man/man1",
    bash_completion: "etc/bash_completion.d",
    zsh_completion: "share/zsh/site-functions",
    fish_completion: "share/fish/vendor_completions.d",
    pwsh_completion: "share/pwsh/completions",
  }.each { |name, path| define_method(name) { Folder.new(File.join(PREFIX, path)) } }
end

load FORMULA
CruddurSite.new.install if PREFIX
puts JSON.generate(Formula.said)
