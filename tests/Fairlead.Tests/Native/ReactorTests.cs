using System.Collections.Concurrent;
using System.Threading.Channels;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Native.Waiting;

namespace Fairlead.Tests.Native;

public sealed class ReactorTests
{
    [Fact]
    public void The_reactor_calls_a_client_once_for_each_arming()
    {
        using var bell = new EventDescriptor();
        var client = new Client();
        using var registration = Reactor.Shared.Register(bell.Descriptor, client);
        bell.Signal();
        Assert.Equal(0, client.Called);

        for (var i = 1; i <= 3; i++)
        {
            Assert.True(registration.Arm(PollEvents.Read));
            Assert.Equal(PollEvents.Read, client.Next());
            Assert.Equal(i, client.Called);
        }
    }

    [Fact]
    public void The_reactor_calls_a_client_that_was_ready_before_arming_or_becomes_ready_after_it()
    {
        using var bell = new EventDescriptor();
        var client = new Client();
        using var registration = Reactor.Shared.Register(bell.Descriptor, client);

        registration.Arm(PollEvents.Read);
        registration.Arm(PollEvents.Read);
        bell.Signal();
        Assert.Equal(PollEvents.Read, client.Next());
    }

    [Fact]
    public void The_reactor_runs_on_a_thread_of_its_own()
    {
        using var bell = new EventDescriptor();
        Thread? thread = null;
        var client = new Client(_ => thread = Thread.CurrentThread);
        using var registration = Reactor.Shared.Register(bell.Descriptor, client);
        bell.Signal();
        registration.Arm(PollEvents.Read);
        client.Next();

        Assert.Equal("fairlead reactor", thread!.Name);
        Assert.True(thread.IsBackground);
        Assert.False(thread.IsThreadPoolThread);
    }

    [Fact]
    public void The_reactor_passes_the_ready_events_to_the_client()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        using var second = far;
        var client = new Client();
        using var registration = Reactor.Shared.Register(near, client);

        registration.Arm(PollEvents.Read | PollEvents.Write);
        Assert.Equal(PollEvents.Write, client.Next());
        far.Write("x"u8);
        registration.Arm(PollEvents.Read | PollEvents.Write);
        Assert.Equal(PollEvents.Read | PollEvents.Write, client.Next());
        far.ShutdownSocket(ShutdownHow.Write);
        registration.Arm(PollEvents.ReadHangUp);
        Assert.Equal(PollEvents.ReadHangUp, client.Next());
    }

    [Fact]
    public void Callbacks_that_block_delay_no_other_callback()
    {
        // Each callback waits for all the others to have begun: it ends only if each has a thread.
        const int Count = 20;
        var reactor = new Reactor();
        using var all = new Barrier(Count);
        var bells = Enumerable.Range(0, Count).Select(_ => new EventDescriptor()).ToArray();
        var clients = bells.Select(_ => new Client(_ => all.SignalAndWait())).ToArray();
        var registrations = bells.Select((bell, i) => reactor.Register(bell.Descriptor, clients[i])).ToArray();
        foreach (var (bell, registration) in bells.Zip(registrations))
        {
            registration.Arm(PollEvents.Read);
            bell.Signal();
        }

        Array.ForEach(clients, client => client.Next());
        Array.ForEach(registrations, registration => registration.Dispose());
        Array.ForEach(bells, bell => bell.Dispose());
    }

    [Fact]
    public void Threads_started_for_a_burst_end_again()
    {
        const int Count = 10;
        var reactor = new Reactor(TimeSpan.FromMilliseconds(1));
        using var all = new Barrier(Count);
        var bells = Enumerable.Range(0, Count).Select(_ => new EventDescriptor()).ToArray();
        var clients = bells.Select(_ => new Client(_ => all.SignalAndWait())).ToArray();
        var registrations = bells.Select((bell, i) => reactor.Register(bell.Descriptor, clients[i])).ToArray();
        for (var round = 0; round < 3; round++)
        {
            foreach (var (bell, registration) in bells.Zip(registrations))
            {
                bell.Signal();
                registration.Arm(PollEvents.Read);
            }

            Array.ForEach(clients, client => client.Next());

            // Two stay: the first event after a silence finds a waiting thread and a spare one.
            while (reactor.Threads != 2 || reactor.WaitingThreads != 2)
            {
                Thread.Yield();
            }
        }

        Array.ForEach(registrations, registration => registration.Dispose());
        Array.ForEach(bells, bell => bell.Dispose());
    }

    [Fact]
    public void A_registration_can_watch_a_whole_poll_set()
    {
        using var set = new PollSet();
        var bells = Enumerable.Range(0, 10).Select(_ => new EventDescriptor()).ToArray();
        for (var i = 0; i < bells.Length; i++)
        {
            set.Add(bells[i].Descriptor, (ulong)i, PollEvents.Read);
        }

        // The pump of an endpoint in small: look, take, arm again.
        using var seen = new BlockingCollection<ulong>();
        Registration? registration = null;
        var client = new Client(_ =>
        {
            var events = new PollEvent[3];
            var count = set.Wait(events, TimeSpan.Zero);
            for (var i = 0; i < count; i++)
            {
                bells[events[i].Token].Drain();
                seen.Add(events[i].Token);
            }

            Volatile.Read(ref registration)!.Arm(PollEvents.Read);
        });
        Volatile.Write(ref registration, Reactor.Shared.Register(set.Descriptor, client));
        registration!.Arm(PollEvents.Read);

        for (var round = 0; round < 1_000; round++)
        {
            var token = round * 7 % bells.Length;
            bells[token].Signal();
            Assert.Equal((ulong)token, seen.Take());
        }

        Array.ForEach(bells, bell => bell.Signal());
        Assert.Equal(bells.Length, Enumerable.Range(0, bells.Length).Select(_ => seen.Take()).Distinct().Count());

        registration.Dispose();
        Array.ForEach(bells, bell => bell.Dispose());
    }

    [Fact]
    public void A_disarmed_registration_is_not_called_until_it_is_armed_again()
    {
        using var bell = new EventDescriptor();
        var client = new Client();
        using var registration = Reactor.Shared.Register(bell.Descriptor, client);
        registration.Arm(PollEvents.Read);
        registration.Disarm();
        bell.Signal();

        UntilReactorHasLooked();
        Assert.Equal(0, client.Called);

        registration.Arm(PollEvents.Read);
        client.Next();
    }

    [Fact]
    public void A_hang_up_is_not_reported_to_a_registration_that_is_not_armed()
    {
        var (near, far) = NativeSocket.Pair(NativeSocketType.Stream);
        using var first = near;
        var client = new Client();
        using var registration = Reactor.Shared.Register(near, client);
        far.Dispose();

        UntilReactorHasLooked();
        Assert.Equal(0, client.Called);

        registration.Arm(PollEvents.None);
        Assert.True(client.Next().HasFlag(PollEvents.HangUp));

        // The end of the stream, which persists, keeps no thread busy.
        UntilReactorHasLooked();
        Assert.Equal(1, client.Called);
    }

    [Fact]
    public void A_disposed_registration_is_never_called()
    {
        using var bell = new EventDescriptor();
        var client = new Client();
        var registration = Reactor.Shared.Register(bell.Descriptor, client);
        registration.Arm(PollEvents.Read);
        registration.Dispose();
        registration.Dispose();
        bell.Signal();

        Assert.False(registration.Arm(PollEvents.Read));
        registration.Disarm();
        UntilReactorHasLooked();
        Assert.Equal(0, client.Called);
    }

    [Fact]
    public void A_disposed_registration_does_not_affect_its_successor()
    {
        using var bell = new EventDescriptor();
        var former = new Client();
        var latter = new Client();
        var disposed = Reactor.Shared.Register(bell.Descriptor, former);
        disposed.Dispose();
        using var registration = Reactor.Shared.Register(bell.Descriptor, latter);
        registration.Arm(PollEvents.Read);

        Assert.False(disposed.Arm(PollEvents.Read));
        disposed.Disarm();
        bell.Signal();

        latter.Next();
        Assert.Equal(0, former.Called);
    }

    [Fact]
    public void A_registration_whose_descriptor_was_closed_first_can_be_disposed()
    {
        var client = new Client();
        var bell = new EventDescriptor();
        var registration = Reactor.Shared.Register(bell.Descriptor, client);
        bell.Dispose();

        Assert.False(registration.Arm(PollEvents.Read));
        registration.Dispose();
        Assert.Throws<FairleadException>(() => Reactor.Shared.Register(bell.Descriptor, client));
    }

    [Fact]
    public void Disposing_a_registration_during_many_events_is_safe()
    {
        for (var i = 0; i < 500; i++)
        {
            var bell = new EventDescriptor();
            bell.Signal();
            Registration? registration = null;

            // Arms from the callback while the other thread disposes: at worst, arming is refused.
            var client = new Client(_ => Volatile.Read(ref registration)!.Arm(PollEvents.Read));
            Volatile.Write(ref registration, Reactor.Shared.Register(bell.Descriptor, client));
            registration!.Arm(PollEvents.Read);
            client.Next();

            registration.Dispose();
            bell.Dispose();
            Assert.False(registration.Arm(PollEvents.Read));
        }
    }

    [Fact]
    public void A_limited_number_of_clients_may_keep_their_threads_while_others_are_served()
    {
        const int Most = 4;
        var reactor = new Reactor();
        using var release = new SemaphoreSlim(0);
        using var stayed = new BlockingCollection<int>();
        var bells = new EventDescriptor[Most + 2];
        var registrations = new Registration[bells.Length];
        for (var i = 0; i < bells.Length; i++)
        {
            var thread = 0;
            bells[i] = new EventDescriptor();
            var client = new Client(_ => thread = Environment.CurrentManagedThreadId)
            {
                Staying = () =>
                {
                    stayed.Add(thread == Environment.CurrentManagedThreadId ? 1 : 0);
                    release.Wait();
                    return false;
                },
            };
            registrations[i] = reactor.Register(bells[i].Descriptor, client);
            bells[i].Signal();
            registrations[i].Arm(PollEvents.Read);
            client.Next();
        }

        // All were called, though the allowed number of callbacks has not returned.
        for (var i = 0; i < Most; i++)
        {
            Assert.Equal(1, stayed.Take());
        }

        UntilReactorHasLooked(reactor);
        Assert.False(stayed.TryTake(out _));
        release.Release(bells.Length);
        for (var i = 0; i < bells.Length; i++)
        {
            registrations[i].Dispose();
            bells[i].Dispose();
        }
    }

    // When an event raised now has been handled, a thread has already taken everything that was ready before it.
    private static void UntilReactorHasLooked(Reactor? reactor = null)
    {
        for (var i = 0; i < 20; i++)
        {
            using var bell = new EventDescriptor();
            var client = new Client();
            using var registration = (reactor ?? Reactor.Shared).Register(bell.Descriptor, client);
            bell.Signal();
            registration.Arm(PollEvents.Read);
            client.Next();
        }
    }

    // Must not be disposed: a call that had begun when the descriptor was removed may still arrive.
    private sealed class Client(Action<PollEvents>? body = null) : IReactorClient
    {
        private readonly Channel<PollEvents> _calls = Channel.CreateUnbounded<PollEvents>();
        private int _called;

        public Func<bool> Staying { get; init; } = static () => false;

        public bool Park() => Staying();

        public int Called => Volatile.Read(ref _called);

        public PollEvents Next() => _calls.Reader.ReadAsync().AsTask().GetAwaiter().GetResult();

        public void OnReady(PollEvents events)
        {
            Interlocked.Increment(ref _called);
            body?.Invoke(events);
            _calls.Writer.TryWrite(events);
        }
    }
}
