using System.Net.Sockets;
using Fairlead.Framing;

namespace Fairlead.Conformance;

/// <summary>A raw socket that speaks the protocol by hand, as correctly or incorrectly as the test wants.</summary>
public sealed class RawPeer(Socket socket) : IDisposable
{
    private readonly byte[] _packet = new byte[1 << 18];
    private byte[] _rest = [];

    /// <summary>The socket itself.</summary>
    public Socket Socket { get; } = socket;

    /// <summary>Connects to a bound endpoint and performs the handshake of this pattern.</summary>
    public static RawPeer Introduce(
        TransportUnderTest transport, Address bound, string pattern, uint messages = 1_000, ulong capacity = 1 << 20)
    {
        ArgumentNullException.ThrowIfNull(transport);
        RawPeer peer = new(transport.ConnectRaw(bound));
        peer.SayHello(pattern, messages: messages, capacity: capacity);
        (byte kind, _, byte[] body) = peer.Read() ?? throw new InvalidOperationException("The endpoint ended instead of a welcome.");
        Assert.True(kind == 'W', $"The answer to the hello was {(char)kind}: {System.Text.Encoding.UTF8.GetString(body)}");
        return peer;
    }

    /// <summary>Sends a hello, a welcome or a refusal.</summary>
    public void SayHello(
        string pattern,
        ushort lowest = 1,
        ushort highest = 1,
        char kind = 'H',
        byte[]? behind = null,
        uint messages = 1_000,
        string text = "raw peer",
        ulong capacity = 1 << 20)
    {
        Handshake handshake = new()
        {
            Pattern = Enum.Parse<PatternKind>(pattern),
            Lowest = lowest,
            Highest = highest,
            Error = kind == 'R' ? ErrorCode.Unavailable : 0,
            Messages = messages,
            Capacity = capacity,
            LongestMessage = 1 << 30,
            ProcessId = Environment.ProcessId,
            Text = text,
        };
        byte[] body = [.. handshake.Encode(), .. behind ?? []];
        MessageHeader header = Handshake.HeaderOf((MessageKind)kind);
        header.Length = body.Length;
        Write(header, body);
    }

    /// <summary>Sends a frame.</summary>
    public void Send(byte kind, byte[] payload, uint id = 0, uint ack = 0, byte flags = 0, byte[]? head = null)
    {
        head ??= [];
        Write(
            new MessageHeader
            {
                Kind = (MessageKind)kind,
                Id = id,
                Ack = ack,
                Flags = (MessageFlags)flags,
                HeadLength = (ushort)head.Length,
                Length = head.Length + payload.Length,
            },
            [.. head, .. payload]);
    }

    /// <summary>Sends a header that announces a body that does not follow.</summary>
    public void SendHeader(byte kind, uint length, ushort headLength = 0)
    {
        byte[] bytes = new byte[MessageHeader.Size];
        new MessageHeader { Kind = (MessageKind)kind, Length = (int)length, HeadLength = headLength }.Write(bytes);
        SendBytes(bytes);
    }

    /// <summary>Sends raw bytes: one packet on a packet socket.</summary>
    public void SendBytes(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[Socket.Send(bytes)..];
        }
    }

    /// <summary>Returns the next frame, or null at the end of the connection, however it ended. Blocks.</summary>
    public (byte Kind, byte Flags, byte[] Body)? Read() => UnlessEnded<(byte Kind, byte Flags, byte[] Body)?>(() =>
    {
        MessageHeader header = MessageHeader.Read(ReadBytes(MessageHeader.Size), out uint length);
        return ((byte)header.Kind, (byte)header.Flags, ReadBytes((int)length));
    });

    /// <summary>Reads only the header of the next frame and returns its id; the body stays unread. Null at the end.</summary>
    public uint? ReadHeader() => UnlessEnded<uint?>(() => MessageHeader.Read(ReadBytes(MessageHeader.Size), out _).Id);

    private static T? UnlessEnded<T>(Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (EndOfStreamException)
        {
            return default;
        }
        catch (SocketException)
        {
            return default;
        }
    }

    /// <summary>
    /// Reads to the end of the connection, and returns the last frame that is not an acknowledgement: the goodbye, if there was one.
    /// </summary>
    public (byte Kind, byte Flags, byte[] Body)? ReadToEnd()
    {
        (byte Kind, byte Flags, byte[] Body)? last = null;
        while (Read() is { } frame)
        {
            if (frame.Kind != (byte)MessageKind.Ack)
            {
                last = frame;
            }
        }

        return last;
    }

    /// <inheritdoc/>
    public void Dispose() => Socket.Dispose();

    private void Write(MessageHeader header, byte[] body)
    {
        byte[] bytes = new byte[MessageHeader.Size + body.Length];
        header.Write(bytes);
        body.CopyTo(bytes, MessageHeader.Size);
        SendBytes(bytes);
    }

    private byte[] ReadBytes(int count)
    {
        byte[] bytes = new byte[count];
        int filled = 0;
        while (filled < count)
        {
            if (_rest.Length == 0)
            {
                int got = Receive();
                _rest = got > 0 ? _packet[..got] : throw new EndOfStreamException();
            }

            int part = Math.Min(_rest.Length, count - filled);
            _rest.AsSpan(0, part).CopyTo(bytes.AsSpan(filled));
            _rest = _rest[part..];
            filled += part;
        }

        return bytes;
    }

    /// <summary>
    /// On packet sockets the kernel first reports, once, that the peer closed with unread data, and then delivers what the peer sent
    /// before.
    /// </summary>
    private int Receive()
    {
        try
        {
            return Socket.Receive(_packet);
        }
        catch (SocketException reset)
            when (reset.SocketErrorCode == SocketError.ConnectionReset && Socket.SocketType == SocketType.Seqpacket)
        {
            return Socket.Receive(_packet);
        }
    }
}
