using System.Reflection;
using Fairlead.Logs;
using Fairlead.Synchronization;
using Fairlead.Time;

namespace Fairlead.Tests.Arguments;

/// <summary>A type whose methods are called, and how an instance is opened, used and closed.</summary>
internal sealed record Subject(string Name, Type Type, Func<Task<Subject.Instance>> OpenAsync)
{
    public static IReadOnlyList<Subject> All { get; } = [.. Endpoints("unix"), .. Endpoints("shm"), .. Locks(), Set(), Log()];

    /// <summary>The public methods with at least one parameter that has bad values.</summary>
    public IEnumerable<MethodInfo> Methods =>
        from method in Type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy)
        where
            !method.IsSpecialName
            && !method.IsGenericMethodDefinition
            && method.DeclaringType!.Assembly == typeof(MessagingEndpoint).Assembly
            && method.GetParameters().Any(BadValues.Has)
        select method;

    /// <summary>Returns whether this method ends the object on which it is called.</summary>
    public static bool Ends(MethodInfo method) => method.Name is "CloseAsync" or "Close" or "Dispose" or "DisposeAsync" or "Disconnect";

    private static IEnumerable<Subject> Endpoints(string scheme)
    {
        yield return Of<Sender>(
            scheme,
            static async address =>
            {
                Receiver receiver = Receiver.Bind(address);
                Task reading = ReadAsync(receiver);
                Sender sender = await Sender.ConnectAsync(receiver.Address);
                return new Instance(
                    sender,
                    async () => Assert.True((await sender.DeliverAsync("more"u8.ToArray())).IsDelivered),
                    sender,
                    receiver,
                    reading);
            });
        yield return Of<Receiver>(
            scheme,
            static async address =>
            {
                Receiver receiver = Receiver.Bind(address);
                Sender sender = await Sender.ConnectAsync(receiver.Address);
                return new Instance(
                    receiver,
                    () => ExchangeAsync(sender.DeliverAsync("more"u8.ToArray()), async () => await receiver.ReceiveAsync()),
                    receiver,
                    sender);
            });
        yield return Of<Requester>(
            scheme,
            static async address =>
            {
                Responder responder = Responder.Bind(address);
                Task running = responder.RunAsync(static (request, _) => request.Memory);
                Requester requester = await Requester.ConnectAsync(responder.Address);
                return new Instance(
                    requester, async () => (await requester.RequestAsync("more"u8.ToArray())).Dispose(), requester, responder, running);
            });
        yield return Of<Responder>(
            scheme,
            static async address =>
            {
                Responder responder = Responder.Bind(address);
                Requester requester = await Requester.ConnectAsync(responder.Address);
                return new Instance(
                    responder,
                    async () =>
                    {
                        Task<Message> asking = requester.RequestAsync("more"u8.ToArray()).AsTask();
                        using Request request = await responder.ReceiveAsync();
                        request.Reply("yes"u8);
                        (await asking).Dispose();
                    },
                    responder,
                    requester);
            });
        yield return Of<Pair>(
            scheme,
            static async address =>
            {
                Pair pair = Pair.Bind(address);
                Pair other = await Pair.ConnectAsync(pair.Address);
                Task reading = ReadAsync(other);
                return new Instance(
                    pair, async () => Assert.True((await pair.DeliverAsync("more"u8.ToArray())).IsDelivered), pair, other, reading);
            });
        yield return Of<Hub>(
            scheme,
            static async address =>
            {
                Hub hub = Hub.Bind(address);
                Pair client = await Pair.ConnectAsync(hub.Address);
                Task reading = ReadAsync(client);
                HubEvent.Joined joined = Assert.IsType<HubEvent.Joined>(hub.NextEvent());
                return new Instance(
                    hub,
                    async () => Assert.True((await hub.DeliverAsync(joined.Client, "more"u8.ToArray())).IsDelivered),
                    hub,
                    client,
                    reading)
                {
                    Known = { [typeof(HubClient)] = joined.Client },
                };
            });
        yield return Of<Publisher>(
            scheme,
            static async address =>
            {
                Publisher publisher = Publisher.Bind(address);
                Subscriber subscriber = await Subscriber.ConnectAsync(publisher.Address, "last");
                return new Instance(
                    publisher,
                    async () =>
                    {
                        publisher.Publish("last", "more"u8);
                        using Message message = await subscriber.ReceiveAsync();
                        Assert.Equal("more", message.Text);
                    },
                    publisher,
                    subscriber);
            });
        yield return Of<Subscriber>(
            scheme,
            static async address =>
            {
                Publisher publisher = Publisher.Bind(address);
                Subscriber subscriber = await Subscriber.ConnectAsync(publisher.Address, "last");
                return new Instance(
                    subscriber,
                    async () =>
                    {
                        await subscriber.SubscribeAsync("last");
                        publisher.Publish("last", "more"u8);
                        using Message message = await subscriber.ReceiveAsync();
                        Assert.Equal("more", message.Text);
                    },
                    subscriber,
                    publisher);
            });
        yield return Of<WorkQueue>(
            scheme,
            static async address =>
            {
                WorkQueue queue = WorkQueue.Bind(address);
                Sender sender = await Sender.ConnectAsync(queue.Address);
                Receiver worker = await Receiver.ConnectAsync(queue.Address);
                Task reading = ReadAsync(worker);
                return new Instance(
                    queue,
                    async () => Assert.True((await sender.DeliverAsync("more"u8.ToArray())).IsDelivered),
                    queue,
                    sender,
                    worker,
                    reading);
            });
    }

    private static IEnumerable<Subject> Locks()
    {
        yield return Lock(static name => NamedMutex.Open(name), static mutex => mutex.Enter().Dispose());
        yield return Lock(static name => NamedSemaphore.Open(name, 1_000), static semaphore => semaphore.Enter().Dispose());
        yield return Lock(static name => NamedReaderWriterLock.Open(name), static rwLock =>
        {
            rwLock.EnterRead().Dispose();
            rwLock.EnterWrite().Dispose();
        });
        yield return Lock(static name => NamedEvent.Open(name), static gate =>
        {
            gate.Set();
            gate.Wait();
        });
        yield return Lock(static name => NamedCountdown.Open(name, 2), static countdown =>
        {
            countdown.Reset();
            while (countdown.CurrentCount > 0)
            {
                countdown.Signal();
            }

            countdown.Wait();
        });
        yield return Lock(static name => NamedBarrier.Open(name, 2), static barrier => Assert.Equal(2, barrier.Parties));
        yield return new Subject(nameof(NamedCondition), typeof(NamedCondition), static () =>
        {
            string name = NewName();
            NamedMutex mutex = NamedMutex.Open($"{name}-mutex");
            NamedCondition condition = NamedCondition.Open(name, mutex);
            Instance instance = new(condition, () =>
            {
                using MutexScope scope = mutex.Enter();
                Assert.False(condition.Wait(scope, TimeSpan.Zero));
                return Task.CompletedTask;
            }, condition, mutex);
            instance.Known[typeof(NamedMutex)] = mutex;
            return Task.FromResult(instance);
        });
    }

    private static Subject Set() => new(nameof(WaitSet), typeof(WaitSet), static () =>
    {
        WaitSet set = new();
        Instance instance = new(set, () =>
        {
            WaitAttachment due = set.AttachTimer(TimeSpan.Zero);
            bool isReported = false;
            while (!isReported)
            {
                foreach (WaitEvent ready in set.Wait(1.Seconds()))
                {
                    isReported |= ready.Attachment == due;
                }
            }

            return Task.CompletedTask;
        }, set);
        instance.Known[typeof(TimeProvider)] = TimeProvider.System;
        return Task.FromResult(instance);
    });

    private static Subject Log() => new(nameof(MappedLog), typeof(MappedLog), static () =>
    {
        MappedLog log = MappedLog.Open($"log://{NewName()}?segment=64KiB");
        Instance instance = new(log, () =>
        {
            log.Append("more"u8);
            using LogFollower follower = log.Follow();
            Assert.Equal(4, follower.Read().Length);
            return Task.CompletedTask;
        }, log);
        instance.Known[typeof(Address)] = log.Address;
        return Task.FromResult(instance);
    });

    private static Subject Of<T>(string scheme, Func<Address, Task<Instance>> open)
        where T : MessagingEndpoint => new($"{typeof(T).Name} over {scheme}", typeof(T), () => open($"{scheme}://{NewName()}"));

    private static Subject Lock<T>(Func<string, T> open, Action<T> use)
        where T : IDisposable => new(typeof(T).Name, typeof(T), () =>
        {
            T opened = open(NewName());
            return Task.FromResult(new Instance(opened, () => Task.Run(() => use(opened)), opened));
        });

    private static string NewName() => $"arguments-{Guid.NewGuid():N}";

    private static async Task ExchangeAsync(ValueTask<Delivery> delivery, Func<Task<Message>> receive)
    {
        using (Message message = await receive())
        {
            message.Accept();
        }

        Assert.True((await delivery).IsDelivered);
    }

    private static Task ReadAsync(Receiver receiver) => receiver.RunAsync(static (_, _) => default);

    private static async Task ReadAsync(Pair pair)
    {
        await foreach (Message message in pair.ReceiveAllAsync())
        {
            Assert.True(message.Length >= 0);
        }
    }

    /// <summary>An open instance, with its peers.</summary>
    internal sealed class Instance(object target, Func<Task> use, params object[] owned)
    {
        public object Target { get; } = target;

        /// <summary>Fitting values by parameter type.</summary>
        public Dictionary<Type, object> Known { get; } = [];

        public Task UseAsync() => use();

        public async Task EndAsync()
        {
            foreach (IDisposable disposable in owned.OfType<IDisposable>().Where(static each => each is not Task))
            {
                await Task.Run(disposable.Dispose);
            }

            foreach (Task task in owned.OfType<Task>())
            {
                await task.ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }
}
