using System.Globalization;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Processes;
using static System.FormattableString;

namespace Fairlead.Tests.Processes;

/// <summary>
/// Many children leave nothing behind. The test counts the descriptors of the whole process, so no other test may run meanwhile.
/// </summary>
[FullRun(Reason.Repeats)]
[Collection(nameof(Alone))]
public sealed class ManyChildrenTests
{
    private const int AtOnce = 20;

    private static readonly int Children = TestSize.Of(300, full: 1_000);

    [Fact]
    public async Task Many_children_end_each_with_its_status_and_leave_neither_zombie_nor_descriptor()
    {
        await using (ChildProcess first = ChildProcess.Start("true"))
        {
            await first.ExitAsync();
        }

        int before = OpenDescriptors.Count();
        List<int> ids = [];
        for (int i = 0; i < Children; i += AtOnce)
        {
            int from = i;
            ChildProcess[] started = new ChildProcess[AtOnce];
            InParallel.Run(AtOnce, index => started[index] = ChildProcess.Start(
                "sh",
                ["-c", (from + index) % 10 == 9 ? "kill -TERM $$" : Invariant($"exit {(from + index) % 256}")],
                new() { Channel = (ChannelKind)(index % 5), StandardOutput = index % 2 == 0 ? Redirection.Pipe : Redirection.Null }));
            for (int index = 0; index < AtOnce; index++)
            {
                int number = from + index;
                ids.Add(started[index].Id);

                // Some are awaited, some are queried later, and some are disposed before they end.
                if (index % 3 == 0)
                {
                    started[index].Dispose();
                }

                ChildExit exit = await started[index].ExitAsync();
                Assert.Equal(number % 10 == 9 ? new ChildExit.Killed(Signal.Terminate, false) : new ChildExit.Exited(number % 256), exit);
                started[index].Dispose();
            }
        }

        Assert.All(ids, static id => Assert.False(NativeProcess.IsOwnOrChild(id), $"{id} is still there"));
        await Polling.Until(() => OpenDescriptors.Count() <= before);
    }

    [Fact]
    public async Task Children_that_are_not_awaited_leave_no_zombie()
    {
        int[] ids = [.. Enumerable.Range(0, 50).Select(static _ => StartAndForget())];
        GC.Collect();
        await Polling.Until(() => !ids.Any(NativeProcess.IsOwnOrChild));

        static int StartAndForget() => ChildProcess.Start("true").Id;
    }

    [Fact]
    public void Children_started_at_the_same_time_inherit_no_descriptor_of_each_other()
    {
        // Children inherit the descriptors that this process has inherited itself, or that lack close-on-exec for other reasons.
        HashSet<int> custom = [.. Numbers(NativeProcess.Id).Where(static number => NativePipe.IsClosedOnExec(number) == false)];
        InParallel.Run(8, index =>
        {
            for (int i = 0; i < 10; i++)
            {
                ChannelKind kind = (ChannelKind)((index + i) % 5);
                using ChildProcess child = ChildProcess.Start("cat", options: new()
                {
                    Channel = kind,
                    StandardInput = Redirection.Pipe,
                    StandardOutput = Redirection.Pipe,
                    StandardError = Redirection.Null,
                });

                // The child counts as started when the kernel has set up the program's memory; it closes descriptors a moment later, before
                // the program's first instruction.
                child.StandardInput.WriteByte(1);
                Assert.Equal(1, child.StandardOutput.ReadByte());
                int[] channel = kind switch { ChannelKind.None => [], ChannelKind.Pipes => [3, 4], _ => [3] };
                HashSet<int> due = [.. custom, 0, 1, 2, .. channel];
                HashSet<int> given = [.. Numbers(child.Id)];
                Assert.Subset(given, due);

                // The runtime now and then opens files of /proc for a moment and without close-on-exec: those are not pipes.
                Assert.All(given.Except(due), number => Assert.StartsWith("/", Target(child.Id, number), StringComparison.Ordinal));
                child.StandardInput.Dispose();
                Assert.Equal(new ChildExit.Exited(0), child.WaitForExit());
            }
        });
    }

    private static IEnumerable<int> Numbers(int processId) =>
        Directory.GetFileSystemEntries(Invariant($"/proc/{processId}/fd"))
            .Select(static path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture));

    private static string Target(int processId, int number) => new FileInfo(Invariant($"/proc/{processId}/fd/{number}")).LinkTarget ?? "?";
}
