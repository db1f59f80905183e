using System.Globalization;
using Fairlead.Cli.Tests.Running;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Locks of the kernel, which programs without Fairlead take too.</summary>
[FullRun(Reason.Variants)]
public sealed class ForeignLockTests : IDisposable
{
    private readonly ToolHome _home = new();
    private readonly int _key = Random.Shared.Next(1, int.MaxValue);

    private string FilePath => Path.Combine(_home.Work, "file");

    private string Address => $"file://{FilePath}";

    private string Key => string.Create(CultureInfo.InvariantCulture, $"sysv://0x{_key:x}");

    public void Dispose()
    {
        _home.Dispose();
        SystemVSemaphore.Remove(_key);
    }

    [NeedsProgramFact("flock")]
    public async Task A_file_lock_excludes_flock_and_shared_admits_shared_flock()
    {
        var alone = await _home.RunAsync("lock", Address, "--", "flock", "-n", "-s", FilePath, "true");
        Assert.True(alone is { ExitCode: 1, Error: "" }, alone.ToString());
        var both = $"flock -n -s {FilePath} true && ! flock -n {FilePath} true";
        var shared = await _home.RunAsync("lock", Address, "--shared", "--", "sh", "-c", both);
        Assert.True(shared is { ExitCode: 0, Error: "" }, shared.ToString());
        var free = await _home.StartProgram(["flock", "-n", FilePath, "true"]).EndAsync();
        Assert.Equal(0, free.ExitCode);
    }

    [Fact]
    public async Task A_command_that_does_not_get_the_file_lock_is_not_run()
    {
        using var held = FileLock.Open(FilePath).Enter();
        var busy = await _home.RunAsync("lock", Address, "--nonblock", "--", "echo", "in");
        Assert.True(busy is { ExitCode: 4, Output: "" }, busy.ToString());
        Assert.Contains(FilePath, busy.Error, StringComparison.Ordinal);
        var late = await _home.RunAsync("lock", Address, "--timeout", "20ms", "--", "echo", "in");
        Assert.True(late is { ExitCode: 124, Output: "" }, late.ToString());
        var recursive = await _home.RunAsync("lock", Address, "--recursive", "--", "echo", "in");
        Assert.True(recursive is { ExitCode: 2, Output: "" }, recursive.ToString());
    }

    [Fact]
    public async Task A_file_lock_outlives_a_killed_tool_until_its_command_ends()
    {
        var file = FileLock.Open(FilePath);
        var holder = _home.Start("lock", Address, "--", "sh", "-c", "sleep 600 > /dev/null 2>&1 & echo $!; exec cat");
        var sleeper = (await holder.LineAsync())!;
        await holder.SignalAsync("KILL");
        await holder.ExitAsync();
        Assert.Null(file.TryEnter(TimeSpan.Zero));
        var next = Task.Run(() => file.Enter());
        await _home.StartProgram(["kill", "-KILL", sleeper]).EndAsync();
        (await next.WaitAsync(TimeSpan.FromMinutes(1))).Dispose();
    }

    [Fact]
    public async Task A_command_holds_a_System_V_permit_and_returns_it_even_when_it_is_killed()
    {
        var once = await _home.RunAsync("semaphore", Key, "--permits", "2", "--", "sh", "-c", "exit 7");
        Assert.True(once is { ExitCode: 7, Error: "" }, once.ToString());
        var semaphore = SystemVSemaphore.OpenExisting(_key);
        Assert.Equal(2, semaphore.CurrentCount);

        var holder = _home.Start("semaphore", Key, "--", "sh", "-c", "echo in; exec cat");
        Assert.Equal("in", await holder.LineAsync());
        using (semaphore.Enter())
        {
            var busy = await _home.RunAsync("semaphore", Key, "--nonblock", "--", "echo", "in");
            Assert.True(busy is { ExitCode: 4, Output: "" }, busy.ToString());
            var late = await _home.RunAsync("semaphore", Key, "--timeout", "20ms", "--", "echo", "in");
            Assert.True(late is { ExitCode: 124, Output: "" }, late.ToString());
        }

        await holder.SignalAsync("KILL");
        await holder.ExitAsync();
        semaphore.Take(TimeSpan.FromMinutes(1));
        semaphore.Take(TimeSpan.FromMinutes(1));
        var wrong = await _home.RunAsync("semaphore", "sysv://0", "--", "echo", "in");
        Assert.True(wrong is { ExitCode: 2, Output: "" }, wrong.ToString());
    }
}
