using System.IO.Pipes;
using System.Runtime.InteropServices;
using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>A source of a wait set with a deadline is overdue when nothing has come for so long.</summary>
[SlowRun]
public sealed class SilenceTests : IDisposable
{
    private static readonly TimeSpan Longest = 10.Seconds();

    private readonly WaitSet _set = new();
    private readonly ManualClock _clock = new();

    public void Dispose() => _set.Dispose();

    [Fact]
    public async Task An_endpoint_without_messages_becomes_overdue_and_each_message_resets_the_time()
    {
        using Receiver receiver = Receiver.Bind($"inproc://silent-{Guid.NewGuid():N}", new() { TimeProvider = _clock });
        await using Sender sender = await Sender.ConnectAsync(receiver.Address);
        WaitAttachment attached = _set.Attach(receiver, state: "words", deadline: Longest);
        Assert.Equal(1, _set.Count);
        Assert.Empty(Now());

        _clock.Advance(Longest - 1.Seconds());
        await sender.SendAsync("x");
        Assert.Equal([new WaitEvent(attached, Readiness.Readable, 1)], _set.Wait().ToArray());
        Assert.True(receiver.TryReceive(out Message message));
        message.Dispose();
        _clock.Advance(Longest - 1.Seconds());
        Assert.Empty(Now());
        _clock.Advance(1.Seconds());
        Assert.Equal([new WaitEvent(attached, Readiness.Overdue, 1)], Now());
        Assert.Equal("words", attached.State);
        Assert.Empty(Now());

        // Again after each further time; what was missed meanwhile is counted.
        _clock.Advance(3 * Longest);
        Assert.Equal([new WaitEvent(attached, Readiness.Overdue, 3)], Now());

        // A message that came in time is not overdue, although nothing has waited since.
        _clock.Advance(Longest - 1.Seconds());
        await sender.SendAsync("y");
        _clock.Advance(2.Seconds());
        Assert.Equal([new WaitEvent(attached, Readiness.Readable, 1)], _set.Wait().ToArray());
    }

    [Fact]
    public async Task A_waiting_thread_wakes_when_an_endpoint_is_overdue()
    {
        using Receiver receiver = Receiver.Bind($"unix://silent-{Guid.NewGuid():N}", new() { TimeProvider = _clock });
        WaitAttachment attached = _set.Attach(receiver, deadline: Longest);
        Task<WaitEvent[]> waiting = Task.Run(() => _set.Wait().ToArray());
        _clock.Advance(Longest);
        Assert.Equal([new WaitEvent(attached, Readiness.Overdue, 1)], await waiting);
    }

    [Fact]
    public void By_the_system_clock_a_descriptor_and_a_signal_are_overdue_too()
    {
        using AnonymousPipeServerStream writer = new(PipeDirection.Out);
        using AnonymousPipeClientStream reader = new(PipeDirection.In, writer.ClientSafePipeHandle);
        WaitAttachment pipe = _set.Attach(reader.SafePipeHandle, deadline: 20.Milliseconds());
        Assert.Equal((pipe, Readiness.Overdue), Assert.Single(_set.Wait().ToArray().Select(static one => (one.Attachment, one.Ready))));
        writer.Write("a"u8);
        Assert.Equal((pipe, Readiness.Readable), Assert.Single(Now().Select(static one => (one.Attachment, one.Ready))));
        pipe.Dispose();

        WaitAttachment signal = _set.Attach((PosixSignal)23, deadline: 20.Milliseconds());
        Assert.Equal((signal, Readiness.Overdue), Assert.Single(_set.Wait().ToArray().Select(static one => (one.Attachment, one.Ready))));
    }

    [Fact]
    public void Capacity_for_a_message_does_not_reset_the_time_of_silence()
    {
        using Pair bound = Pair.Bind($"inproc://silent-{Guid.NewGuid():N}");
        using Pair pair = Pair.Connect(bound.Address, new() { TimeProvider = _clock });
        WaitAttachment attached = _set.Attach(pair, Readiness.Readable | Readiness.Writable, deadline: Longest);
        Assert.Equal(Readiness.Writable, Assert.Single(Now()).Ready);
        _clock.Advance(Longest);
        Assert.Equal(
            [(attached, Readiness.Writable), (attached, Readiness.Overdue)], Now().Select(static one => (one.Attachment, one.Ready)));
    }

    [Fact]
    public void A_closed_or_detached_endpoint_does_not_become_overdue()
    {
        Receiver closed = Receiver.Bind($"inproc://silent-{Guid.NewGuid():N}", new() { TimeProvider = _clock });
        using Receiver detached = Receiver.Bind($"inproc://silent-{Guid.NewGuid():N}", new() { TimeProvider = _clock });
        WaitAttachment first = _set.Attach(closed, deadline: Longest);
        WaitAttachment second = _set.Attach(detached, deadline: Longest);
        Assert.Equal(2, _set.Count);
        closed.Dispose();
        second.Dispose();
        Assert.Equal([new WaitEvent(first, Readiness.Closed, 1)], Now());
        _clock.Advance(2 * Longest);
        Assert.Empty(Now());
        Assert.Equal(0, _set.Count);
    }

    [Fact]
    public void A_failed_attach_leaves_no_deadline()
    {
        using Receiver receiver = Receiver.Bind($"inproc://silent-{Guid.NewGuid():N}", new() { TimeProvider = _clock });
        _set.Attach(receiver);
        Assert.Throws<InvalidOperationException>(() => _set.Attach(receiver, deadline: Longest));
        Assert.Throws<ArgumentOutOfRangeException>(() => _set.Attach(receiver, deadline: TimeSpan.Zero));
        _clock.Advance(2 * Longest);
        Assert.Empty(Now());
        Assert.Equal(1, _set.Count);
        Assert.Equal(0, _clock.Armed);
    }

    private WaitEvent[] Now() => _set.Wait(TimeSpan.Zero).ToArray();
}
