using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Fairlead.Rpc.Peer;

/// <summary>A server that is besieged, its hostile clients, and an honest one whose rate is measured.</summary>
internal static partial class Siege
{
    private const int SetDescriptorFlags = 2;
    private const int Hash = -1521134295;

    private static readonly RpcDescription Contract = RpcContracts.Of<ISiege>().Description;
    private static long _answers;

    /// <summary>
    /// Serves until stdin ends, and says where. For each line of stdin it says for how many milliseconds the collector has stopped the
    /// process since the last one, how many seconds those were, how many of its collections were full, and how often there was no memory
    /// so far.
    /// </summary>
    public static async Task ServeAsync(string address, long budget)
    {
        int refused = 0;
        AppDomain.CurrentDomain.FirstChanceException += (_, thrown) =>
        {
            if (thrown.Exception is OutOfMemoryException)
            {
                Interlocked.Increment(ref refused);
            }
        };
        RpcServerOptions options = new() { MaxQueuedBytesPerClient = budget };
        await using RpcServer server = await Rpc.ServeAsync<ISiege>(address, new Besieged(), options);
        Console.WriteLine(server.Addresses[0]);
        (TimeSpan paused, int full) = (TimeSpan.Zero, 0);
        var clock = Stopwatch.StartNew();
        while (await Console.In.ReadLineAsync() is not null)
        {
            (TimeSpan before, int fullBefore) = (paused, full);
            (paused, full) = (GC.GetTotalPauseDuration(), GC.CollectionCount(GC.MaxGeneration));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(paused - before).TotalMilliseconds:F0} {clock.Elapsed.TotalSeconds:F2} {full - fullBefore} "
                    + $"{Volatile.Read(ref refused)}"));
            clock.Restart();
        }
    }

    /// <summary>Makes calls for as many milliseconds as each line of stdin says, and prints how many a second.</summary>
    public static async Task CallAsync(string address, string from)
    {
        await using RpcClient<ISiege> client = await Rpc.ConnectAsync<ISiege>($"{await AddressAsync(address, from)}");
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var time = TimeSpan.FromMilliseconds(int.Parse(line, CultureInfo.InvariantCulture));
            var clock = Stopwatch.StartNew();
            int calls = 0;
            do
            {
                if (await client.Service.AddAsync(calls, 1) != ++calls)
                {
                    throw new InvalidOperationException("The sum is wrong.");
                }
            }
            while (clock.Elapsed < time);
            double rate = calls / clock.Elapsed.TotalSeconds;
            int items = await client.Service.CountAsync(1000).CountAsync();
            Console.WriteLine(items == 1000 ? rate.ToString("F0", CultureInfo.InvariantCulture) : "wrong");
        }
    }

    /// <summary>
    /// Sends frames of a kind over several connections, which are opened again when the server ends them. Says "attacking", and after the
    /// end of stdin how many answers have come.
    /// </summary>
    public static async Task AttackAsync(string kind, string address, string from, int connections)
    {
        (int atOnce, Func<byte[]> frame) = Attack(kind);
        using CancellationTokenSource end = new();
        Task[] begun = [.. Enumerable.Range(0, connections).Select(_ => BeginAsync(address, from, atOnce / connections, frame, end.Token))];
        await Task.WhenAll(begun);
        Console.WriteLine("attacking");
        await Console.In.ReadToEndAsync();
        Console.WriteLine(Interlocked.Read(ref _answers));
    }

    // Returns when the first frames have been sent.
    private static async Task BeginAsync(string address, string from, int atOnce, Func<byte[]> frame, CancellationToken end)
    {
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = Task.Run(
            async () =>
            {
                while (!end.IsCancellationRequested)
                {
                    try
                    {
                        await using Requester sender = await Requester.ConnectAsync(await AddressAsync(address, from));
                        Task[] loops = [.. Enumerable.Range(0, atOnce).Select(_ => LoopAsync(sender, frame))];
                        begun.TrySetResult();
                        await sender.Completion;
                        await Task.WhenAll(loops);
                    }
                    catch (FairleadException)
                    {
                        // The server has ended the connection, perhaps during its handshake.
                    }
                }
            },
            end);
        await begun.Task;
    }

    private static async Task LoopAsync(Requester sender, Func<byte[]> frame)
    {
        while (!sender.Completion.IsCompleted)
        {
            try
            {
                using Message reply = await sender.RequestAsync(frame());
            }
            catch (FairleadException)
            {
                // Refused, or the connection has ended.
            }

            Interlocked.Increment(ref _answers);
        }
    }

    // How many frames are under way, and how each is made.
    private static (int AtOnce, Func<byte[]> Frame) Attack(string kind)
    {
        const int Points = 3000;
        byte[] noFrame = [99, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        byte[] sum = Call(nameof(ISiege.AddAsync), [1, 0, 0, 0, 2, 0, 0, 0]);
        byte[] half = Call(nameof(ISiege.AddAsync), [1, 0, 0, 0]);
        byte[] bytes = Call(nameof(ISiege.KeepAsync), Counted(1 << 20, new byte[1 << 20]));
        byte[] tables = Call(nameof(ISiege.KeepTablesAsync), Counted(100_000, new byte[100_000]));
        byte[] points = new byte[Points * 12];
        for (int i = 0; i < Points; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(points.AsSpan(12 * i), i);
            BinaryPrimitives.WriteInt32LittleEndian(points.AsSpan((12 * i) + 4), unchecked(7 - (i * Hash)));
        }

        byte[] keys = Call(nameof(ISiege.CountPointsAsync), Counted(Points, points));
        return kind switch
        {
            "calls" => (200, () => sum),
            "malformed" => (100, () => noFrame),
            "arguments" => (100, () => half),
            "keys" => (20, () => keys),
            "counts" => (100, () => tables),
            "long" => (100, () => bytes),
            "sessions" => (1000, () => WithId(6)),
            "polls" => (1000, () => WithId(7)),
            "pushes" => (1000, () => [.. WithId(5), 0, 1, 0, 0, 0, .. new byte[20_000]]),
            "streams" => (1000, () => WithId(3, nameof(ISiege.ReadOneAsync))),
            _ => throw new ArgumentException($"There is no attack '{kind}'."),
        };
    }

    private static byte[] Call(string member, byte[] arguments) => [2, 0, .. Header(member), .. arguments];

    private static byte[] WithId(byte kind, string? member = null) =>
        [kind, 0, .. member is null ? new byte[6] : Header(member), .. Guid.NewGuid().ToByteArray()];

    private static byte[] Header(string member)
    {
        byte[] header = new byte[6];
        int number = Contract.Members.Index().Single(one => one.Item.Name == member).Index;
        BinaryPrimitives.WriteUInt16LittleEndian(header, (ushort)number);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(2), (uint)Contract.Hash);
        return header;
    }

    // A count in 7 bits a byte, and what follows.
    private static byte[] Counted(int count, byte[] rest)
    {
        List<byte> bytes = [];
        for (uint left = (uint)count; ; left >>= 7)
        {
            if (left < 0x80)
            {
                bytes.Add((byte)left);
                return [.. bytes, .. rest];
            }

            bytes.Add((byte)(left | 0x80));
        }
    }

    // A client over tcp is known by the address that it connects from.
    private static async Task<Address> AddressAsync(string address, string from)
    {
        if (from == "-")
        {
            return address;
        }

        Address server = address;
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(server.Host!), server.Port!.Value));

        // The endpoint takes descriptors as if they were inherited, and owns them.
        int descriptor = (int)socket.Handle;
        socket.SafeHandle.SetHandleAsInvalid();
        return SetDescriptor(descriptor, SetDescriptorFlags, 0) == 0
            ? string.Create(CultureInfo.InvariantCulture, $"fd://{descriptor}")
            : throw new InvalidOperationException("The descriptor cannot be passed on.");
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int SetDescriptor(int descriptor, int command, int argument);
}
