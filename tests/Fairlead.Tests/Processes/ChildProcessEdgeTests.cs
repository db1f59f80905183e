using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

/// <summary>Unusual paths and times of children.</summary>
public sealed class ChildProcessEdgeTests
{
    [Fact]
    public async Task A_program_path_with_an_equals_sign_is_not_mistaken_for_a_variable()
    {
        using TemporaryDirectory directory = new();
        string folder = directory["a=b"];
        Directory.CreateDirectory(folder);
        string program = $"{folder}/program";

        // Not the variables that the shell passes on: it drops those whose names are not valid there.
        await File.WriteAllTextAsync(
            program, "#!/bin/sh\nprintf '<%s>' \"$0\" \"$@\"; tr '\\0' '\\n' < /proc/$$/environ | grep '^a[.]b='\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using ChildProcess child = ChildProcess.Start(
            program,
            ["c=d"],
            new()
            {
                Environment = new Dictionary<string, string?> { ["a.b"] = "1" },
                IgnoredSignals = [Signal.Hangup],
                StandardOutput = Redirection.Pipe,
            });
        Assert.Equal($"<{program}><c=d>a.b=1", await Script.ReadAsync(child.StandardOutput));
        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync());
    }

    [Fact]
    public async Task A_negative_timeout_is_refused_and_one_beyond_the_timer_limit_is_infinite()
    {
        await using ChildProcess child = ChildProcess.Start("true");
        Assert.Throws<ArgumentOutOfRangeException>("timeout", () => child.WaitForExit(TimeSpan.FromMilliseconds(-1.5)));
        Assert.Equal(new ChildExit.Exited(0), child.WaitForExit(TimeSpan.MaxValue));
    }
}
