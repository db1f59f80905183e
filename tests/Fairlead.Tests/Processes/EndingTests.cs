using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

/// <summary>Waiting for the end of a child, and asking for it.</summary>
public sealed class EndingTests
{
    [Fact]
    public async Task EndAsync_accepts_the_longest_grace()
    {
        await using ChildProcess child = ChildProcess.Start("sleep", ["1000"]);

        Assert.Equal(new ChildExit.Killed(Signal.Terminate, CoreDumped: false), await child.EndAsync(TimeSpan.MaxValue));
    }

    [Fact]
    public async Task A_grace_that_is_negative_is_refused_before_anything_is_sent()
    {
        await using ChildProcess child = ChildProcess.Start("cat", options: new() { StandardInput = Redirection.Pipe });

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => child.EndAsync(TimeSpan.FromSeconds(-5)));

        await child.StandardInput.DisposeAsync();
        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync());
    }
}
