using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

/// <summary>A reused process id. No other test may take it meanwhile.</summary>
[Collection(nameof(Alone))]
public sealed class ReusedNumberTests(ITestOutputHelper output)
{
    /// <summary>Makes the kernel assign the number again.</summary>
    [RootFact]
    public async Task A_signal_to_a_process_never_reaches_the_next_process_with_its_number()
    {
        const string Last = "/proc/sys/kernel/ns_last_pid";
        Assert.SkipUnless(File.Exists(Last), $"this kernel has no {Last}: numbers cannot be chosen");

        PeerProcess former = PeerProcess.Start("signals");
        await former.AnswerAsync();
        int number = former.Id;
        ProcessIdentity identity = ProcessIdentity.Of(number);
        using ProcessHandle handle = ProcessHandle.Open(identity);
        await former.DisposeAsync();
        string counter = File.ReadAllText(Last);
        int tries = 0;
        System.Diagnostics.Process? next = null;
        while (next is null)
        {
            // A thread that another process starts meanwhile may take the number; and a process that starts in the same tick of the
            // kernel's clock has the same identity.
            File.WriteAllText(Last, (number - 1).ToString(CultureInfo.InvariantCulture));
            next = System.Diagnostics.Process.Start("sleep", "600");
            tries++;
            if (next.Id != number || ProcessIdentity.Of(number) == identity)
            {
                next.Kill();
                await next.WaitForExitAsync();
                next.Dispose();
                next =
                    tries < 5_000 ? null : throw new InvalidOperationException($"The number {number} did not come again in {tries} tries.");
            }
        }

        // For all other processes the numbers continue as before: none of theirs is reused early.
        File.WriteAllText(Last, counter);
        output.WriteLine($"given again after {tries} tries");
        using (next)
        {
            Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => handle.Send(Signal.Kill)).Code);
            Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => handle.Send(Signal.RealTime(1), 1)).Code);
            Assert.True(handle.HasExited);
            Assert.Contains(
                "its number now belongs to",
                Assert.Throws<FairleadException>(() => Signals.Send(identity, Signal.Kill)).Message,
                StringComparison.Ordinal);
            Assert.False(next.HasExited);
            Signals.Send(number, Signal.Kill);
            await next.WaitForExitAsync();
            Assert.Equal(128 + 9, next.ExitCode);
        }
    }
}
