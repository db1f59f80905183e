using System.Globalization;
using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fairlead.Conformance;
using Fairlead.Time;
using Microsoft.Win32.SafeHandles;

namespace Fairlead.Tests.Patterns;

/// <summary>The items of a set besides endpoints, and the ends of its wait.</summary>
public sealed partial class WaitSetTests : IDisposable
{
    private const int User1 = 10;
    private const int User2 = 12;

    private const int DuplicateFrom = 1030;

    private static readonly int FarNumber = Math.Min(MostDescriptors(), 20_000) - 100;

    private readonly WaitSet _set = new();

    public void Dispose() => _set.Dispose();

    [Fact]
    public async Task A_descriptor_is_reported_as_long_as_it_is_ready()
    {
        using AnonymousPipeServerStream writer = new(PipeDirection.Out);
        using AnonymousPipeClientStream reader = new(PipeDirection.In, writer.ClientSafePipeHandle);
        WaitAttachment reading = _set.Attach(reader.SafePipeHandle, state: "pipe");
        Assert.Same(reader.SafePipeHandle, reading.Source);
        Assert.Empty(_set.Wait(TimeSpan.Zero).ToArray());

        Task<WaitEvent> waiting = NextAsync();
        writer.Write("ab"u8);
        Assert.Equal(new WaitEvent(reading, Readiness.Readable, 1), await waiting);
        Assert.Equal("pipe", (await NextAsync()).State);
        Assert.Equal('a', reader.ReadByte());
        Assert.Equal(Readiness.Readable, (await NextAsync()).Ready);
        Assert.Equal('b', reader.ReadByte());
        Assert.Empty(_set.Wait(TimeSpan.Zero).ToArray());

        waiting = NextAsync();
        writer.Dispose();
        Assert.True((await waiting).Ready.HasFlag(Readiness.Ended));
        reading.Dispose();
        Assert.Empty(_set.Wait(TimeSpan.Zero).ToArray());
        Assert.Equal(0, _set.Count);
    }

    [Fact]
    public void A_descriptor_is_writable_until_it_is_full()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(listener.LocalEndPoint!);
        WaitAttachment both = _set.Attach(socket.SafeHandle, Readiness.Readable | Readiness.Writable);
        WaitAttachment coming = _set.Attach(listener.SafeHandle);
        Assert.Equal(
            [(both, Readiness.Writable), (coming, Readiness.Readable)],
            _set.Wait().ToArray().Select(ready => (ready.Attachment, ready.Ready)).OrderBy(ready => ready.Item2 == Readiness.Readable));

        using Socket accepted = listener.Accept();
        socket.Blocking = false;
        while (_set.Wait(TimeSpan.Zero).Length > 0)
        {
            socket.Send(new byte[1024 * 1024], SocketFlags.None, out _);
        }

        Assert.Empty(_set.Wait(TimeSpan.Zero).ToArray());
        accepted.Send("x"u8);
        Assert.Equal(Readiness.Readable, Assert.Single(_set.Wait().ToArray()).Ready);
    }

    [Fact]
    public void A_reused_descriptor_number_is_not_mistaken_for_the_closed_descriptor()
    {
        using AnonymousPipeServerStream pipe = new(PipeDirection.In);
        SafeFileHandle first = AtFarNumber(pipe.SafePipeHandle);
        int number = (int)first.DangerousGetHandle();
        WaitAttachment old = _set.Attach(first);
        first.Dispose();

        using AnonymousPipeServerStream another = new(PipeDirection.In);
        using SafeFileHandle second = AtNumber(another.SafePipeHandle, number);
        WaitAttachment current = _set.Attach(second);
        old.Dispose();
        using AnonymousPipeClientStream writer = new(PipeDirection.Out, another.ClientSafePipeHandle);
        writer.WriteByte(1);
        Assert.Equal(current, Assert.Single(_set.Wait().ToArray()).Attachment);
    }

    [Fact]
    public void A_descriptor_number_that_is_reused_for_a_file_does_no_harm()
    {
        using AnonymousPipeServerStream pipe = new(PipeDirection.In);
        SafeFileHandle handle = AtFarNumber(pipe.SafePipeHandle);
        int number = (int)handle.DangerousGetHandle();
        WaitAttachment old = _set.Attach(handle);
        handle.Dispose();

        using SafeFileHandle assembly = File.OpenHandle(typeof(WaitSetTests).Assembly.Location);
        using SafeFileHandle file = AtNumber(assembly, number);
        old.Dispose();
        Assert.Equal(0, _set.Count);
        Span<byte> magic = stackalloc byte[2];
        Assert.Equal(2, RandomAccess.Read(file, magic, 0));
        Assert.Equal("MZ"u8, magic);

        using AnonymousPipeServerStream writer = new(PipeDirection.Out);
        using AnonymousPipeClientStream reader = new(PipeDirection.In, writer.ClientSafePipeHandle);
        WaitAttachment other = _set.Attach(reader.SafePipeHandle);
        writer.WriteByte(1);
        Assert.Equal(other, Assert.Single(_set.Wait().ToArray()).Attachment);
    }

    [Fact]
    public void A_descriptor_that_cannot_be_waited_for_is_refused()
    {
        using SafeFileHandle file = File.OpenHandle(typeof(WaitSetTests).Assembly.Location);
        FairleadException regular = Assert.Throws<FairleadException>(() => _set.Attach(file));
        Assert.Equal(ErrorCode.NotSupported, regular.Code);

        using AnonymousPipeServerStream pipe = new(PipeDirection.Out);
        _set.Attach(pipe.SafePipeHandle, Readiness.Writable);
        FairleadException twice = Assert.Throws<FairleadException>(() => _set.Attach(pipe.SafePipeHandle, Readiness.Writable));
        Assert.Equal(ErrorCode.AlreadyExists, twice.Code);
        Assert.Throws<ArgumentOutOfRangeException>(() => _set.Attach(pipe.SafePipeHandle, Readiness.Ended));
        Assert.Throws<ArgumentOutOfRangeException>(() => _set.Attach(pipe.SafePipeHandle, Readiness.None));
        using SafeFileHandle closed = new(-1, ownsHandle: false);
        closed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _set.Attach(closed));
        using Receiver receiver = Receiver.Bind("inproc://waitset-twice");
        _set.Attach(receiver);
        Assert.Throws<InvalidOperationException>(() => _set.Attach(receiver));
        Assert.Equal(2, _set.Count);
    }

    [Fact]
    public async Task Signals_are_counted_and_do_nothing_else()
    {
        WaitAttachment one = _set.Attach((PosixSignal)User1, "one");
        WaitAttachment two = _set.Attach((PosixSignal)User2, "two");
        Assert.Equal((PosixSignal)User1, one.Source);

        Task<WaitEvent> waiting = NextAsync();
        Assert.Equal(0, Kill(Environment.ProcessId, User1));
        WaitEvent ready = await waiting;
        Assert.Equal((one, Readiness.Signalled, 1), (ready.Attachment, ready.Ready, ready.Count));
        Assert.Equal(0, Kill(Environment.ProcessId, User2));
        Assert.Equal(two, (await NextAsync()).Attachment);
        Assert.Empty(_set.Wait(TimeSpan.Zero).ToArray());
    }

    [Theory]
    [InlineData(9)]
    [InlineData(19)]
    [InlineData(11)]
    [InlineData(13)]
    [InlineData(0)]
    [InlineData(65)]
    [InlineData(-11)]
    public void A_signal_that_cannot_be_handled_or_belongs_to_the_runtime_is_refused(int number)
    {
        FairleadException refused = Assert.Throws<FairleadException>(() => _set.Attach((PosixSignal)number));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
        Assert.Equal(0, _set.Count);
    }

    [Fact]
    public async Task A_timer_of_another_clock_elapses_by_that_clock()
    {
        ManualClock clock = new();
        WaitAttachment beat = _set.AttachInterval(10.Seconds(), "beat", clock);
        WaitAttachment once = _set.AttachTimer(25.Seconds(), "once", clock);
        Assert.Empty(_set.Wait(TimeSpan.Zero).ToArray());

        Task<WaitEvent> waiting = NextAsync();
        clock.Advance(10.Seconds());
        Assert.Equal(new WaitEvent(beat, Readiness.Elapsed, 1), await waiting);
        clock.Advance(9.Seconds());
        Assert.Empty(_set.Wait(TimeSpan.Zero).ToArray());

        // Missed beats are counted, and the rhythm stays the same.
        clock.Advance(12.Seconds());
        Assert.Equal([new WaitEvent(beat, Readiness.Elapsed, 2), new WaitEvent(once, Readiness.Elapsed, 1)], _set.Wait().ToArray());
        Assert.False(once.IsAttached);
        clock.Advance(8.Seconds());
        Assert.Empty(_set.Wait(TimeSpan.Zero).ToArray());
        clock.Advance(1.Seconds());
        Assert.Equal(beat, (await NextAsync()).Attachment);
        beat.Dispose();
        clock.Advance(100.Seconds());
        Assert.Empty(_set.Wait(TimeSpan.Zero).ToArray());
    }

    [Fact]
    public void Timers_of_the_system_end_the_wait_and_not_too_early()
    {
        TimeProvider time = TimeProvider.System;
        _set.AttachTimer(1.Seconds() * 3600, "far");
        long start = time.GetTimestamp();
        WaitAttachment soon = _set.AttachTimer(TimeSpan.FromMicroseconds(1500), "soon");
        Assert.Equal("soon", Assert.Single(_set.Wait().ToArray()).State);
        Assert.True(time.GetElapsedTime(start) >= TimeSpan.FromMicroseconds(1500));
        Assert.False(soon.IsAttached);

        start = time.GetTimestamp();
        WaitAttachment beat = _set.AttachInterval(2.Milliseconds());
        int beats = 0;
        while (beats < 10)
        {
            WaitEvent ready = Assert.Single(_set.Wait().ToArray());
            Assert.Equal(beat, ready.Attachment);
            beats += ready.Count;
            Assert.True(time.GetElapsedTime(start) >= beats * 2.Milliseconds());
        }

        _set.AttachTimer(TimeSpan.Zero, "now");
        Assert.Contains(_set.Wait().ToArray(), ready => ready.State is "now");
        _set.AttachTimer(TimeSpan.MaxValue, "never");
    }

    [Fact]
    public async Task The_wait_ends_by_its_token_its_time_and_a_wake()
    {
        Assert.Throws<OperationCanceledException>(() => { _set.Wait(null, new CancellationToken(canceled: true)); });
        using CancellationTokenSource cancel = new();
        Task waiting = OnThread(() => { _set.Wait(null, cancel.Token); });
        await cancel.CancelAsync();
        OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(cancel.Token, cancelled.CancellationToken);

        Assert.Empty(_set.Wait(3.Milliseconds()).ToArray());
        Task<int> woken = OnThread(() => _set.Wait().Length);
        _set.Wake();
        Assert.Equal(0, await woken);

        // Called before the wait, which then ends at once.
        _set.Wake();
        _set.Wake();
        Assert.Empty(_set.Wait().ToArray());
        Assert.Empty(_set.Wait(3.Milliseconds()).ToArray());
    }

    [Fact]
    public async Task Disposing_ends_the_wait_of_another_thread()
    {
        using Receiver receiver = Receiver.Bind("inproc://waitset-disposed");
        _set.Attach(receiver);
        _set.Attach((PosixSignal)User1);
        Task waiting = OnThread(() => { _set.Wait(); });
        _set.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        Assert.Throws<ObjectDisposedException>(() => { _set.Wait(); });
        Assert.Throws<ObjectDisposedException>(() => _set.Attach(receiver));
        Assert.Equal(0, _set.Count);
        _set.Dispose();

        // The endpoint is as before.
        using Sender sender = Sender.Connect(receiver.Address);
        sender.Send("x"u8);
        receiver.Receive().Dispose();
    }

    [Fact]
    public void A_disposed_set_refuses_timers_and_leaves_none_at_their_clock()
    {
        ManualClock clock = new();
        _set.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _set.AttachTimer(1.Seconds(), time: clock));
        Assert.Throws<ObjectDisposedException>(() => _set.AttachInterval(1.Seconds(), time: clock));
        Assert.Equal(0, clock.Armed);
    }

    [Fact]
    public async Task Two_threads_that_wait_at_the_same_time_are_refused()
    {
        using CancellationTokenSource cancel = new();
        int refusals = 0;
        Task[] waiting = [.. Enumerable.Range(0, 2).Select(_ => OnThread(() =>
        {
            while (!cancel.IsCancellationRequested)
            {
                try
                {
                    _set.Wait(null, cancel.Token);
                }
                catch (InvalidOperationException)
                {
                    // The other thread is inside.
                    Interlocked.Increment(ref refusals);
                    cancel.Cancel();
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }))];
        await Task.WhenAll(waiting);
        Assert.NotEqual(0, refusals);
    }

    [Fact]
    public async Task Several_things_that_are_ready_are_reported_together()
    {
        List<(Sender Sender, Receiver Receiver)> ends = [];
        try
        {
            for (int i = 0; i < 100; i++)
            {
                Receiver receiver = await Receiver.BindAsync($"inproc://waitset-many-{i}");
                ends.Add((await Sender.ConnectAsync(receiver.Address), receiver));
                _set.Attach(receiver, state: receiver);
            }

            foreach ((Sender sender, _) in ends)
            {
                sender.Send("x"u8);
            }

            HashSet<object> seen = [];
            while (seen.Count < ends.Count)
            {
                foreach (WaitEvent ready in _set.Wait())
                {
                    Assert.True(seen.Add(ready.State!));
                    Assert.True(((Receiver)ready.State!).TryReceive(out Message message));
                    message.Dispose();
                }
            }
        }
        finally
        {
            foreach ((Sender sender, Receiver receiver) in ends)
            {
                sender.Dispose();
                receiver.Dispose();
            }
        }
    }

    private static Task OnThread(Action body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task<T> OnThread<T>(Func<T> body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private Task<WaitEvent> NextAsync() => OnThread(() => Assert.Single(_set.Wait().ToArray()));

    // The kernel assigns the lowest free number, and the crowds of other tests hold some thousands: these come just below the limit,
    // where no other test gets one by chance.
    private static SafeFileHandle AtFarNumber(SafeHandle handle)
    {
        int number = Control((int)handle.DangerousGetHandle(), DuplicateFrom, FarNumber);
        Assert.InRange(number, FarNumber, int.MaxValue);
        return new SafeFileHandle(number, ownsHandle: true);
    }

    private static SafeFileHandle AtNumber(SafeHandle handle, int number)
    {
        Assert.Equal(number, Duplicate((int)handle.DangerousGetHandle(), number));
        return new SafeFileHandle(number, ownsHandle: true);
    }

    private static int MostDescriptors()
    {
        string line = File.ReadLines("/proc/self/limits").Single(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        string soft = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        return int.TryParse(soft, CultureInfo.InvariantCulture, out int number) ? number : int.MaxValue;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Duplicate(int descriptor, int number);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
