using Fairlead.Logs;
using Fairlead.Logs.Storage;

namespace Fairlead.Tests.Logs;

/// <summary>A log that is closed is not kept open by the thread that prepares its pages.</summary>
[FullRun(Reason.Repeats)]
public sealed class LogClosedTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    /// <summary>The next to open the log is then the first, and repairs what there is to repair.</summary>
    [Fact]
    public void A_program_that_opens_a_log_after_its_last_close_is_alone()
    {
        byte[] record = new byte[16 * 1024];
        for (int round = 0; round < 200; round++)
        {
            string folder = _temporary[$"log{round % 4}"];
            using (MappedLog log = MappedLog.Open($"log://{folder}?segment=64KiB"))
            {
                // Enough for the appender to ask for the thread.
                for (int i = 0; i < 40; i++)
                {
                    log.Append(record);
                }
            }

            using LogControl control = LogControl.Open(folder, false, out _)!;
            Assert.True(control.TryBeAlone(), $"round {round}");
        }
    }
}
