using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Fairlead.Cli.Services.Tftp;

/// <summary>The packets of RFC 1350.</summary>
internal static class TftpPacket
{
    /// <summary>The bytes of a full block.</summary>
    public const int BlockLength = 512;

    /// <summary>The longest packet that is received: a request or an error of a client. A longer one is dropped.</summary>
    public const int LongestReceived = 1024;

    /// <summary>The bytes before a block.</summary>
    public const int HeaderLength = 4;

    public const ushort ReadRequest = 1;
    public const ushort WriteRequest = 2;
    public const ushort Data = 3;
    public const ushort Acknowledgement = 4;
    public const ushort Error = 5;

    // The text of an error, as a client prints it.
    private const int LongestText = 200;

    /// <summary>Returns the kind of a packet; 0 for a packet that is too short to have one.</summary>
    public static ushort KindOf(ReadOnlySpan<byte> packet) => packet.Length < 2 ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(packet);

    /// <summary>Returns the block of an acknowledgement; null if the packet is something else.</summary>
    public static ushort? Acknowledged(ReadOnlySpan<byte> packet) =>
        KindOf(packet) == Acknowledgement && packet.Length >= HeaderLength ? BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) : null;

    /// <summary>Takes the name and the mode out of a request. Options behind them, as of RFC 2347, are ignored.</summary>
    public static bool TryParseRequest(
        ReadOnlySpan<byte> packet, [NotNullWhen(true)] out string? name, [NotNullWhen(true)] out string? mode)
    {
        (name, mode) = (null, null);
        if (packet.Length < 2 || !TryTakeText(packet[2..], out var first, out var rest) || !TryTakeText(rest, out var second, out _))
        {
            return false;
        }

        name = Encoding.UTF8.GetString(first);
        mode = Encoding.UTF8.GetString(second).ToLowerInvariant();
        return true;
    }

    /// <summary>Returns an error packet.</summary>
    public static byte[] ErrorOf(TftpError code, string text)
    {
        var words = Encoding.UTF8.GetBytes(text.Length > LongestText ? text[..LongestText] : text);
        var packet = new byte[HeaderLength + words.Length + 1];
        BinaryPrimitives.WriteUInt16BigEndian(packet, Error);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)code);
        words.CopyTo(packet, HeaderLength);
        return packet;
    }

    /// <summary>Writes the header of a block.</summary>
    public static void WriteDataHeader(Span<byte> packet, ushort block)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet, Data);
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], block);
    }

    private static bool TryTakeText(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> text, out ReadOnlySpan<byte> rest)
    {
        var end = bytes.IndexOf((byte)0);
        text = end > 0 ? bytes[..end] : default;
        rest = end > 0 ? bytes[(end + 1)..] : default;
        return end > 0;
    }
}
