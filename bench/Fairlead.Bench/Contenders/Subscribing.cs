using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// A subscriber in a separate process, which the publisher waits for. It acknowledges the last message of a round over a second connection,
/// and answers there how many bytes its process has allocated until now.
/// </summary>
internal sealed class Subscribing : IDisposable
{
    public const string Topic = "t";

    /// <summary>The message that asks for the bytes that were allocated: shorter than those that are counted.</summary>
    public static ReadOnlySpan<byte> Question => "?"u8;

    private readonly Subscriber _subscriber;
    private readonly Sender _back;
    private long _due;

    /// <summary>Blocks until the publisher listens.</summary>
    public Subscribing(Session session, string scheme, string options = "")
    {
        _subscriber = Subscriber.Connect(
            session.AddressOf(scheme, $"?wait=60s&full=wait{(options.Length == 0 ? "" : "&")}{options}"),
            Topic,
            new EndpointOptions { HandshakeTimeout = TimeSpan.FromMinutes(1) });
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
                case Reading.Values:
                    ReadValues();
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

    // Apart from the other loops: values cost those nothing.
    private void ReadValues()
    {
        while (true)
        {
            using var message = _subscriber.Receive();
            if (message.Length == Question.Length)
            {
                TellAllocated();
            }
            else if (Numbered.Check(MemoryMarshal.AsBytes(new ReadOnlySpan<Sample>(in message.Value<Sample>())), ref _due))
            {
                _back.Send([]);
            }
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
        if (message.Length == Question.Length)
        {
            TellAllocated();
        }
        else if (Numbered.Check(message.Span, ref _due))
        {
            // At once: nothing else belongs to the time of a round.
            _back.Send([]);
        }
    }

    private void TellAllocated()
    {
        Span<byte> allocated = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(allocated, GC.GetTotalAllocatedBytes(precise: true));
        _back.Send(allocated);
    }
}
