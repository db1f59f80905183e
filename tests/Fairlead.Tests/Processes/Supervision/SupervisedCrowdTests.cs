using System.Collections.Concurrent;
using Fairlead.Conformance;
using Fairlead.Native.Processes;
using Fairlead.Processes;
using static System.FormattableString;

namespace Fairlead.Tests.Processes.Supervision;

/// <summary>
/// Many children that are killed one after the other. It counts the descriptors of the whole process, so no other test may run.
/// </summary>
[FullRun(Reason.Repeats)]
[Collection(nameof(Alone))]
public sealed class SupervisedCrowdTests(ITestOutputHelper output)
{
    private const int Children = 20;

    /// <summary>So many kills come as fast as they can, also while children that were killed before are being restarted.</summary>
    private const int KillsAtOnce = 40;

    /// <summary>FAIRLEAD_SUPERVISED_KILLS=600 takes half a minute: between further kills, all children answer.</summary>
    private static readonly int Kills = TestSize.Given("FAIRLEAD_SUPERVISED_KILLS", KillsAtOnce);

    /// <summary>How often each child was killed; noted before the signal.</summary>
    private readonly ConcurrentDictionary<string, int> _kills = new();
    private readonly ConcurrentDictionary<string, int> _failures = new();
    private readonly ConcurrentQueue<SupervisedChange> _changes = new();
    private readonly ConcurrentDictionary<string, long> _calls = new();

    [Fact]
    public async Task Killed_children_disturb_no_call_to_the_others_and_leave_nothing()
    {
        SupervisedChild[] children =
        [
            .. Enumerable.Range(0, Children).Select(static i => new SupervisedChild(Invariant($"child{i}"), "sh", "-c", "cat <&3 >&3")
            {
                Process = new() { Channel = ChannelKind.Duplex },
                RestartLimit = int.MaxValue,
                ShortestPause = TimeSpan.FromMilliseconds(1),
                LongestPause = TimeSpan.FromMilliseconds(1),
            }),
            new SupervisedChild("crashing", "sh", "-c", "exit 3") { RestartLimit = 3, ShortestPause = TimeSpan.FromMilliseconds(1) },
        ];

        // The first endpoint of the process, and the first child, open descriptors that stay.
        await using (ChildSupervisor first = ChildSupervisor.Start([children[0]]))
        {
            await using Pair pair = await Pair.ConnectAsync((await first.ChannelAsync(children[0].Name)).With("framing", "line"));
            await pair.SendAsync("hello");
            (await pair.ReceiveAsync()).Dispose();
        }

        int open = OpenDescriptors.WithoutFiles();
        await using (ChildSupervisor supervisor = ChildSupervisor.Start(children, new() { Changed = _changes.Enqueue }))
        {
            using CancellationTokenSource end = new();
            Task[] callers = [.. children[..Children].Select(child => CallAsync(supervisor, child.Name, end.Token))];

            // A caller completes before the end only if a call failed without a reason.
            await await Task.WhenAny([KillAllAsync(supervisor, children), .. callers]);
            await end.CancelAsync();
            await Task.WhenAll(callers);
            await Polling.Until(() => supervisor.Children[^1].Status == SupervisedStatus.GivenUp);
            Assert.Equal("it failed 4 times within 60 s; the last time it exited with 3", supervisor.Children[^1].Reason);
            Assert.DoesNotContain(supervisor.Children, static child => child is { Status: SupervisedStatus.GivenUp, Name: not "crashing" });
        }

        int[] ids = [.. _changes.OfType<SupervisedChange.Started>().Select(static change => change.ProcessId)];
        Assert.InRange(ids.Length, Children + Kills, int.MaxValue);
        Assert.All(ids, static id => Assert.False(NativeProcess.IsOwnOrChild(id), $"{id} is still there"));
        await Polling.Until(() => OpenDescriptors.WithoutFiles() <= open);
        Assert.Equal("crashing", Assert.Single(_changes.OfType<SupervisedChange.GivenUp>()).Child);
        output.WriteLine(
            Invariant($"{Kills} kills of {Children} children; {_calls.Values.Sum()} calls answered, ")
                + Invariant($"{_failures.Values.Sum()} connections lost"));
    }

    /// <summary>Kills one child after the other, and waits until all have answered again.</summary>
    private async Task KillAllAsync(ChildSupervisor supervisor, SupervisedChild[] children)
    {
        for (int i = 0; i < Kills; i++)
        {
            await KillAsync(supervisor, children[i % Children].Name);
            if (i >= KillsAtOnce)
            {
                await AnswersAsync();
            }
        }

        await AnswersAsync();
    }

    /// <summary>Waits until each child has answered one more call.</summary>
    private async Task AnswersAsync()
    {
        await Polling.Until(() => _calls.Count == Children);
        Dictionary<string, long> before = new(_calls);
        await Polling.Until(() => before.All(child => _calls[child.Key] > child.Value));
    }

    /// <summary>Kills the process of a child when it runs.</summary>
    private async Task KillAsync(ChildSupervisor supervisor, string name)
    {
        int? id = null;
        await Polling.Until(() => (id = supervisor.Children.First(child => child.Name == name).ProcessId) is not null);
        _kills.AddOrUpdate(name, 1, static (_, count) => count + 1);
        Supervised.Kill(id!.Value);

        // A second signal to a process that is dead already would be no kill.
        await Polling.Until(() => supervisor.Children.First(child => child.Name == name).ProcessId != id);
    }

    /// <summary>Calls one child again and again. Each connection that is lost must be due to a kill of this child.</summary>
    private async Task CallAsync(ChildSupervisor supervisor, string name, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                Address address = await supervisor.ChannelAsync(name, end);
                await using Pair pair = await Pair.ConnectAsync(address.With("framing", "line"), cancellationToken: end);
                for (int i = 0; ; i++)
                {
                    string text = Invariant($"{name} {i}");
                    await pair.SendAsync(text, end);
                    using Message message = await pair.ReceiveAsync(end);
                    Assert.Equal(text, message.Text);
                    _calls.AddOrUpdate(name, 1, static (_, count) => count + 1);
                }
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }
            catch (FairleadException error)
            {
                int failures = _failures.AddOrUpdate(name, 1, static (_, count) => count + 1);
                if (failures > _kills.GetValueOrDefault(name))
                {
                    throw new InvalidOperationException($"{name} was not killed, and a call to it failed", error);
                }
            }
        }
    }
}
