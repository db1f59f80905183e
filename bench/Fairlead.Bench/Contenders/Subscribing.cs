using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// A subscriber in a separate process, which the publisher waits for. After the last message of a round, it reports over a second
/// connection how many bytes its process has allocated until now.
/// </summary>
internal sealed class Subscribing : IDisposable
{
    public const string Topic = "t";

    private readonly Subscriber _subscriber;
    private readonly Sender _back;
    private readonly bool _isTyped;
    private long _due;

    /// <summary>Blocks until the publisher listens.</summary>
    public Subscribing(Session session, string scheme, string options = "", bool isTyped = false)
    {
        _subscriber = Subscriber.Connect(
            session.AddressOf(scheme, $"?wait=60s&full=wait{(options.Length == 0 ? "" : "&")}{options}"),
            Topic,
            new EndpointOptions { HandshakeTimeout = TimeSpan.FromMinutes(1) });
        _isTyped = isTyped;
        _back = Sender.Connect($"{BackAddress(session)}?wait=60s");
    }

    public static string BackAddress(Session session) => $"unix://{session.Name}-back";

    /// <summary>Reads until the publisher leaves.</summary>
    public void Read(Reading reading)
    {
        try
        {
            switch (reading)
            {
                case Reading.Awaited:
                    ReadAwaitedAsync().GetAwaiter().GetResult();
                    break;
                case Reading.Loop:
                    ReadAllAsync().GetAwaiter().GetResult();
                    break;
                default:
                    ReadBlocking();
                    break;
            }
        }
        catch (FairleadException end) when (end.Code == ErrorCode.PeerGone)
        {
            // The publisher has left: stop reading.
        }
    }

    public void Dispose()
    {
        _subscriber.Dispose();
        _back.Dispose();
    }

    private void ReadBlocking()
    {
        while (true)
        {
            using var message = _subscriber.Receive();
            Take(message);
        }
    }

    private async Task ReadAwaitedAsync()
    {
        while (true)
        {
            using var message = await _subscriber.ReceiveAsync().ConfigureAwait(false);
            Take(message);
        }
    }

    private async Task ReadAllAsync()
    {
        await foreach (var message in _subscriber.ReceiveAllAsync().ConfigureAwait(false))
        {
            Take(message);
        }
    }

    // Read inside the loops: the cost belongs to the subscriber, and counts as Fairlead's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Take(Message message)
    {
        if (message.Length > 0 && Numbered.Check(BytesOf(message), ref _due))
        {
            TellAllocated();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<byte> BytesOf(Message message) =>
        _isTyped ? MemoryMarshal.AsBytes(new ReadOnlySpan<Sample>(in message.Value<Sample>())) : message.Span;

    private void TellAllocated()
    {
        Span<byte> allocated = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(allocated, GC.GetTotalAllocatedBytes(precise: true));
        _back.Send(allocated);
    }
}
