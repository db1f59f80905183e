using System.Net.Sockets;
using Fairlead.Framing;

namespace Fairlead.Tests.Hostile;

/// <summary>A peer that obeys no rules: it writes frames, or any bytes, over a socket of the base library.</summary>
internal sealed class RawPeer(Socket socket) : IDisposable
{
    /// <summary>The raw socket, for bytes that are not frames.</summary>
    public Socket Socket => socket;

    /// <summary>Returns a handshake that any endpoint of a fitting pattern accepts.</summary>
    public static byte[] Hello(
        PatternKind pattern, ushort lowest = 1, ushort highest = 1, ulong longest = 1_000_000, uint window = 1_000_000) =>
        Frame(
            MessageKind.Hello,
            new Handshake
            {
                Pattern = pattern,
                Lowest = lowest,
                Highest = highest,
                Messages = 1_000,
                Capacity = window,
                LongestMessage = longest,
                ProcessId = 1,
                Text = "hostile",
            }.Encode(),
            id: Handshake.MagicHigh,
            ack: Handshake.MagicLow);

    /// <summary>Returns a frame with any header; the length is the body's unless another is given.</summary>
    public static byte[] Frame(
        MessageKind kind,
        ReadOnlySpan<byte> body,
        uint id = 0,
        uint ack = 0,
        ushort headLength = 0,
        MessageFlags flags = MessageFlags.None,
        uint? length = null)
    {
        byte[] frame = new byte[MessageHeader.Size + body.Length];
        new MessageHeader
        {
            Length = (int)(length ?? (uint)body.Length),
            Kind = kind,
            Flags = flags,
            HeadLength = headLength,
            Id = id,
            Ack = ack,
        }.Write(frame);
        body.CopyTo(frame.AsSpan(MessageHeader.Size));
        return frame;
    }

    public async Task SendAsync(params byte[][] frames)
    {
        byte[] all = [.. frames.SelectMany(frame => frame)];
        for (int sent = 0; sent < all.Length;)
        {
            sent += await socket.SendAsync(all.AsMemory(sent), SocketFlags.None);
        }
    }

    /// <summary>Sends as long as the other side accepts it; returns false when it has ended the connection.</summary>
    public async Task<bool> TrySendAsync(params byte[][] frames)
    {
        try
        {
            await SendAsync(frames);
            return true;
        }
        catch (SocketException exception)
            when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)
        {
            return false;
        }
    }

    /// <summary>Returns the next frame; null at the end of the connection, orderly or not.</summary>
    public async Task<(MessageHeader Header, byte[] Body)?> ReadAsync()
    {
        byte[]? header = await ReadAsync(MessageHeader.Size);
        if (header is null)
        {
            return null;
        }

        MessageHeader read = MessageHeader.Read(header, out uint length);
        byte[]? body = await ReadAsync((int)length);
        return body is null ? null : (read, body);
    }

    /// <summary>Reads to the end, and returns the last frame; null: there was none.</summary>
    public async Task<(MessageHeader Header, byte[] Body)?> ReadToEndAsync()
    {
        (MessageHeader, byte[])? last = null;
        while (await ReadAsync() is { } frame)
        {
            last = frame;
        }

        return last;
    }

    /// <summary>Sends a hello and reads the welcome.</summary>
    public async Task<Handshake> ShakeAsync(PatternKind pattern, ulong longest = 1_000_000, uint window = 1_000_000)
    {
        await SendAsync(Hello(pattern, longest: longest, window: window));
        (MessageHeader header, byte[] body) = (await ReadAsync())!.Value;
        Assert.Equal(MessageKind.Welcome, header.Kind);
        return Handshake.Decode(header, body);
    }

    public void Dispose() => socket.Dispose();

    private async Task<byte[]?> ReadAsync(int count)
    {
        byte[] bytes = new byte[count];
        try
        {
            for (int at = 0; at < count;)
            {
                int read = await socket.ReceiveAsync(bytes.AsMemory(at), SocketFlags.None);
                if (read == 0)
                {
                    return null;
                }

                at += read;
            }
        }
        catch (Exception exception)
            when (exception
                    is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted }
                        or ObjectDisposedException)
        {
            return null;
        }

        return bytes;
    }
}
