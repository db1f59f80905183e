using System.Diagnostics;
using Fairlead.Conformance;
using Fairlead.Processes;

namespace Fairlead.Docs.Tests;

/// <summary>What test.sh installs, with an apt-get of the test and a private file that forbids services.</summary>
public sealed class InstallTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fl-");

    public InstallTests()
    {
        Directory.CreateDirectory(Bin);
        Write("id", "echo 0");
    }

    private string Bin => Path.Combine(_folder.FullName, "bin");

    private string Policy => Path.Combine(_folder.FullName, "policy-rc.d");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task An_interrupted_installation_leaves_no_policy_behind(string signal, int code)
    {
        Write("apt-get", "cat \"$FAIRLEAD_POLICY\"; echo $$ > \"$HERE/new\"; mv \"$HERE/new\" \"$HERE/pid\"; exec sleep 1000");
        using Process test = Start("exec ./test.sh --install");
        string pid = Path.Combine(_folder.FullName, "pid");
        await Polling.Until(() => File.Exists(pid) || test.HasExited);
        if (!File.Exists(pid))
        {
            Assert.Fail(await test.StandardError.ReadToEndAsync());
        }

        Assert.Equal("#!/bin/sh\nexit 101\n", await File.ReadAllTextAsync(Policy));
        using ProcessHandle handle = ProcessHandle.Open(test.Id);
        handle.Send(Signal.Parse(signal));

        await test.WaitForExitAsync();

        Assert.Equal(code, test.ExitCode);
        Assert.False(File.Exists(Policy));
        Assert.False(Directory.Exists($"/proc/{(await File.ReadAllTextAsync(pid)).Trim()}"));
    }

    [Fact]
    public async Task A_policy_that_was_there_before_stays()
    {
        await File.WriteAllTextAsync(Policy, "#!/bin/sh\n");
        Write("apt-get", "exit 0");

        string output = await RunAsync("install=yes private=$HERE; . eng/tools.sh");

        Assert.StartsWith("missing: ", output, StringComparison.Ordinal);
        Assert.Equal("#!/bin/sh\n", await File.ReadAllTextAsync(Policy));
    }

    [Fact]
    public async Task A_failed_installation_leaves_no_policy_behind_and_says_why()
    {
        Write("apt-get", "echo no network; exit 100");

        string output = await RunAsync("install=yes private=$HERE; . eng/tools.sh");

        Assert.Contains("no network\ncould not be installed; the tests that need them are skipped\n", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Policy));
    }

    [Fact]
    public async Task Nothing_is_installed_unless_that_is_asked_for()
    {
        Write("apt-get", "touch \"$HERE/called\"");

        string output = await RunAsync("install= private=$HERE; . eng/tools.sh");

        Assert.Contains("rabbitmq-server", output, StringComparison.Ordinal);
        Assert.Contains("./test.sh --install installs them", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.FullName, "called")));
        Assert.False(File.Exists(Policy));
    }

    private void Write(string name, string script)
    {
        string path = Path.Combine(Bin, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task<string> RunAsync(string script)
    {
        using Process bash = Start(script);
        string output = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        return output;
    }

    /// <summary>Starts a shell in the repository that finds no broker, so there always is something to install.</summary>
    private Process Start(string script)
    {
        ProcessStartInfo start = new("bash", ["-c", script])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{Bin}:{start.Environment["PATH"]}";
        start.Environment["HERE"] = _folder.FullName;
        start.Environment["FAIRLEAD_POLICY"] = Policy;
        start.Environment["FAIRLEAD_RABBITMQ"] = Path.Combine(_folder.FullName, "none");
        return Process.Start(start)!;
    }
}
