using System.Buffers.Binary;
using System.IO.Pipes;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>
/// The first words of a client and of a server, in one packet each. A server has a client when it has read the client's words and answered
/// them; until then the client may go elsewhere.
/// <code>
///   client   magic (8)   direction (1)   zero (7)
///   server   magic (8)   answer (1)   mode (1)   zero (6)   in buffer (4)   out buffer (4)
/// </code>
/// </summary>
internal static class PipeGreeting
{
    /// <summary>The length of a client's words.</summary>
    public const int ClientLength = 16;

    /// <summary>The length of a server's words.</summary>
    public const int ServerLength = 24;

    private const byte Welcome = 1;
    private const byte Refused = 2;
    private const int Answer = 8;
    private const int InBuffer = 16;
    private const int OutBuffer = 20;

    private static ReadOnlySpan<byte> Magic => "FLpipe1\n"u8;

    /// <summary>Writes the words of a client.</summary>
    public static byte[] OfClient(PipeDirection direction)
    {
        byte[] words = new byte[ClientLength];
        Magic.CopyTo(words);
        words[Answer] = (byte)direction;
        return words;
    }

    /// <summary>Reads the words of a client. False: it is no client.</summary>
    public static bool TryReadClient(ReadOnlySpan<byte> words, out PipeDirection direction)
    {
        direction = words.Length == ClientLength ? (PipeDirection)words[Answer] : 0;
        return words.Length == ClientLength && words.StartsWith(Magic) && direction is >= PipeDirection.In and <= PipeDirection.InOut;
    }

    /// <summary>Returns whether a server with one direction serves a client with another one.</summary>
    public static bool Fits(PipeDirection server, PipeDirection client)
    {
        // What the client reads, the server writes.
        PipeDirection needed = client switch
        {
            PipeDirection.In => PipeDirection.Out,
            PipeDirection.Out => PipeDirection.In,
            _ => PipeDirection.InOut,
        };
        return (server & needed) == needed;
    }

    /// <summary>Writes the words of a server.</summary>
    public static byte[] OfServer(PipeTerms terms, bool isWelcome)
    {
        byte[] words = new byte[ServerLength];
        Magic.CopyTo(words);
        words[Answer] = isWelcome ? Welcome : Refused;
        words[Answer + 1] = (byte)terms.Mode;
        BinaryPrimitives.WriteInt32LittleEndian(words.AsSpan(InBuffer), terms.InBufferSize);
        BinaryPrimitives.WriteInt32LittleEndian(words.AsSpan(OutBuffer), terms.OutBufferSize);
        return words;
    }

    /// <summary>Reads the words of a server. False: it is no server.</summary>
    public static bool TryReadServer(ReadOnlySpan<byte> words, out bool isWelcome, out int inBufferSize, out int outBufferSize)
    {
        isWelcome = false;
        inBufferSize = 0;
        outBufferSize = 0;
        if (words.Length != ServerLength || !words.StartsWith(Magic) || words[Answer] is not (Welcome or Refused))
        {
            return false;
        }

        isWelcome = words[Answer] == Welcome;
        inBufferSize = Math.Max(0, BinaryPrimitives.ReadInt32LittleEndian(words[InBuffer..]));
        outBufferSize = Math.Max(0, BinaryPrimitives.ReadInt32LittleEndian(words[OutBuffer..]));
        return true;
    }
}
