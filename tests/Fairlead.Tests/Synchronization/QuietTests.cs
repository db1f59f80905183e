using Fairlead.Conformance;
using Fairlead.Memory;

namespace Fairlead.Tests.Synchronization;

/// <summary>Operations that cost no system call without contention.</summary>
[SlowRun]
public sealed class QuietTests
{
    [ToolTheory("strace")]
    [InlineData("mutex")]
    [InlineData("semaphore")]
    [InlineData("permit")]
    [InlineData("read")]
    [InlineData("event")]
    [InlineData("countdown")]
    public async Task An_uncontended_lock_makes_no_system_call(string what)
    {
        string name = $"quiet-{Guid.NewGuid():N}";
        using SharedRegion region = SharedRegion.Open(name, 1 << 17);
        string trace = Path.GetTempFileName();
        try
        {
            await using PeerProcess peer = PeerProcess.StartBy($"strace -f -qq -o {trace}", "quiet", what, $"region:{name}:0", "100000");
            Assert.Equal("begin", await peer.ReadLineAsync());
            Assert.Equal("end", await peer.ReadLineAsync());
            await peer.ExitAsync();
            string[] lines = await File.ReadAllLinesAsync(trace);
            string thread = lines.First(static line => line.Contains("\"begin\\n\"", StringComparison.Ordinal)).Split(' ')[0];
            string[] own = [.. lines.Where(line => line.StartsWith(thread + " ", StringComparison.Ordinal))];
            int begin = Array.FindIndex(own, static line => line.Contains("\"begin\\n\"", StringComparison.Ordinal));
            int end = Array.FindIndex(own, static line => line.Contains("\"end\\n\"", StringComparison.Ordinal));
            Assert.True(begin >= 0 && end > begin);

            // The runtime makes its own calls now and then, as it compiles: a few in 100,000 rounds.
            Assert.True(end - begin < 100, string.Join('\n', own[begin..end].Take(150)));
            Assert.DoesNotContain(
                own[begin..end],
                line => line.Contains("FUTEX_WAKE,", StringComparison.Ordinal) || line.Contains("FUTEX_WAIT,", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(trace);
            SharedRegion.Remove(name);
        }
    }
}
