using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fairlead.Conformance;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>The connections of one client have one turn together, however much they send.</summary>
public sealed class ClientTurnTests
{
    private const string One = "127.0.0.1";
    private const string Other = "127.0.0.2";

    // In fewer places than a link has messages in a row.
    private const int Soon = 8;

    [Fact]
    public async Task A_client_with_few_messages_is_read_before_a_client_with_many()
    {
        await using Receiver receiver = await Receiver.BindAsync("tcp://127.0.0.1:0");
        await using Sender much = await ConnectAsync(receiver, One);
        await using Sender little = await ConnectAsync(receiver, Other);
        await SendAsync(much, One, 100);
        await SendAsync(little, Other, 1);
        await ArrivedAsync(receiver, 101);
        string[] order = await ReceiveAsync(receiver, 101);
        Assert.InRange(Array.IndexOf(order, Other), 0, Soon);
    }

    [Fact]
    public async Task A_late_client_is_read_while_many_messages_of_another_wait()
    {
        const int Many = 500;
        await using Receiver receiver = await Receiver.BindAsync("tcp://127.0.0.1:0");
        await using Sender much = await ConnectAsync(receiver, One);
        await using Sender late = await ConnectAsync(receiver, Other);
        await SendAsync(much, One, Many);
        await ArrivedAsync(receiver, Many);
        await ReceiveAsync(receiver, 1);
        await SendAsync(late, Other, 1);
        await ArrivedAsync(receiver, Many);
        string[] order = await ReceiveAsync(receiver, Many);
        Assert.InRange(Array.IndexOf(order, Other), 0, Soon);
    }

    [Fact]
    public async Task A_client_gets_no_larger_share_by_more_connections()
    {
        const int Each = 60;
        await using Receiver receiver = await Receiver.BindAsync("tcp://127.0.0.1:0");
        Sender[] crowd = [.. await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ConnectAsync(receiver, One)))];
        await using Sender single = await ConnectAsync(receiver, Other);
        foreach (Sender one in crowd)
        {
            await SendAsync(one, One, Each);
        }

        await SendAsync(single, Other, Each);
        await ArrivedAsync(receiver, (crowd.Length + 1) * Each);
        string[] order = await ReceiveAsync(receiver, (crowd.Length + 1) * Each);
        Assert.Equal(Each, order.Count(static from => from == Other));

        // Half of the first messages, but for the places in which it had none yet.
        Assert.InRange(order.Take(Each).Count(static from => from == Other), (Each / 2) - Soon, (Each / 2) + Soon);
        foreach (Sender one in crowd)
        {
            await one.DisposeAsync();
        }
    }

    /// <summary>A message of 64 KiB counts as several.</summary>
    [Fact]
    public async Task Long_messages_count_as_several_messages_of_their_client()
    {
        await using Receiver receiver = await Receiver.BindAsync("tcp://127.0.0.1:0");
        await using Sender heavy = await ConnectAsync(receiver, One);
        await using Sender light = await ConnectAsync(receiver, Other);
        byte[] message = new byte[64 * 1024];
        Encoding.ASCII.GetBytes(One, message);
        await heavy.SendAsync(message);
        await heavy.SendAsync(message);
        await heavy.SendAsync(message);
        await heavy.FlushAsync();
        await SendAsync(light, Other, 12);
        await ArrivedAsync(receiver, 15);
        string[] order = await ReceiveAsync(receiver, 15);
        int last = Array.LastIndexOf(order, One);
        Assert.True(order.Take(last).Count(static from => from == Other) >= 3, string.Join(' ', order));
    }

    [Fact]
    public async Task The_remaining_messages_of_a_lost_link_are_read_before_those_of_the_next_link()
    {
        await using Receiver receiver = await Receiver.BindAsync("tcp://127.0.0.1:0");
        await using Sender beside = await ConnectAsync(receiver, Other);
        Sender first = await ConnectAsync(receiver, One);
        for (int i = 0; i < 40; i++)
        {
            await first.SendAsync(string.Create(CultureInfo.InvariantCulture, $"{One} {i}"));
        }

        await first.FlushAsync();
        await SendAsync(beside, Other, 40);
        List<int> numbers = [];
        for (int i = 0; i < 8; i++)
        {
            await TakeAsync();
        }

        first.Dispose();
        Sender second = await ConnectAsync(receiver, One);
        for (int i = 40; i < 60; i++)
        {
            await second.SendAsync(string.Create(CultureInfo.InvariantCulture, $"{One} {i}"));
        }

        await second.FlushAsync();
        for (int i = 8; i < 100; i++)
        {
            await TakeAsync();
        }

        Assert.Equal(Enumerable.Range(0, 60), numbers);
        await second.DisposeAsync();

        async Task TakeAsync()
        {
            using Message message = await receiver.ReceiveAsync(60.Seconds());
            if (message.Text.Split(' ') is [One, var number])
            {
                numbers.Add(int.Parse(number, CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>Waits until all messages lie at the receiver: only then does it choose between them.</summary>
    private static Task ArrivedAsync(Receiver receiver, int count) => Polling.Until(() => receiver.Statistics.QueueDepth == count);

    private static async Task SendAsync(Sender sender, string from, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await sender.SendAsync($"{from} {i}");
        }

        await sender.FlushAsync();
    }

    /// <summary>Returns the address from which each message was sent: its first word.</summary>
    private static async Task<string[]> ReceiveAsync(Receiver receiver, int count)
    {
        string[] order = new string[count];
        for (int i = 0; i < count; i++)
        {
            using Message message = await receiver.ReceiveAsync(60.Seconds());
            order[i] = Encoding.ASCII.GetString(message.Span[..One.Length]);
        }

        return order;
    }

    /// <summary>Connects from an address of this host: a client is known by it.</summary>
    private static async Task<Sender> ConnectAsync(Receiver receiver, string from)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, receiver.Address.Port!.Value));
        Descriptor copy = NativeSpawn.Duplicate((int)socket.Handle, 3, out _)!;
        OfferedDescriptors.Offer(copy, peer: null);
        return await Sender.ConnectAsync(Address.Parse(string.Create(CultureInfo.InvariantCulture, $"fd://{copy.Number}")));
    }
}
