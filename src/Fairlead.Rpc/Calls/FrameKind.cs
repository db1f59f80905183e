using Fairlead.Rpc.Streams;

namespace Fairlead.Rpc.Calls;

/// <summary>The first byte of a request.</summary>
internal enum FrameKind : byte
{
    /// <summary>Asks for the description of the service. Sent first on each connection, and by tools.</summary>
    Hello = 1,

    /// <summary>Calls a member.</summary>
    Call = 2,

    /// <summary>Calls a member with streams. Its reply ends the call.</summary>
    Open = 3,

    /// <summary>Asks for items of the result of a call with streams.</summary>
    Pull = 4,

    /// <summary>Brings items of a parameter of a call with streams.</summary>
    Push = 5,

    /// <summary>Stays open as long as a client takes callbacks.</summary>
    Session = 6,

    /// <summary>Asks for the callbacks of a session.</summary>
    Poll = 7,

    /// <summary>Brings the reply to a callback.</summary>
    Answer = 8,

    /// <summary>A <see cref="Call"/> with metadata before its arguments.</summary>
    CallWithMetadata = 9,

    /// <summary>An <see cref="Open"/> with metadata before its arguments.</summary>
    OpenWithMetadata = 10,
}

/// <summary>The first byte of a reply.</summary>
internal enum ReplyStatus : byte
{
    /// <summary>The result follows.</summary>
    Ok = 0,

    /// <summary>An exception of the service follows.</summary>
    Failed = 1,

    /// <summary>Nothing was executed: the caller knows another contract. The description follows.</summary>
    Stale = 2,

    /// <summary>Nothing was executed: the server has no room. A code and a text follow.</summary>
    Refused = 3,
}

/// <summary>The frames that are not calls' arguments, as docs/rpc-format.md shows them.</summary>
internal static class Frames
{
    /// <summary>The version in a hello whose client takes the contracts of a server that has several, if it wants none of them.</summary>
    public const byte VersionForAll = 2;

    /// <summary>In the second byte of a call: the client takes all contracts of a server that does not know the hash.</summary>
    public const byte TakesAll = 1;

    /// <summary>The bytes before the arguments of a call: kind, flags, member, and the low half of the contract's hash.</summary>
    public const int CallHeader = 8;

    /// <summary>The offset of the identity in the frames of a call with streams.</summary>
    public const int IdOffset = 8;

    /// <summary>
    /// The bytes before the arguments of a call with streams, and before the items that it brings: a call's, and the identity.
    /// </summary>
    public const int OpenHeader = IdOffset + 16;

    /// <summary>In the second byte of a poll: the client takes the trace contexts of callbacks.</summary>
    public const byte TakesTraces = 1;

    /// <summary>In the error for a kind that a receiver does not know. Clients recognize a server without metadata by it.</summary>
    public const string UnknownKind = "its first byte is not a kind of frame";

    /// <summary>Returns what is wrong with the beginning of a frame; null: nothing.</summary>
    /// <remarks>Without an exception, which would cost a server far more than such a frame costs its sender.</remarks>
    public static string? FaultOf(ReadOnlySpan<byte> frame)
    {
        if (frame.IsEmpty)
        {
            return "it is empty";
        }

        var kind = (FrameKind)frame[0];
        int least = kind switch
        {
            FrameKind.Hello => 1,
            FrameKind.Call => CallHeader,
            FrameKind.CallWithMetadata => CallHeader + 1,
            FrameKind.Open or FrameKind.Pull or FrameKind.Session or FrameKind.Poll or FrameKind.Answer => OpenHeader,
            FrameKind.OpenWithMetadata => OpenHeader + 1,
            FrameKind.Push => OpenHeader + Batch.Header,
            _ => int.MaxValue,
        };
        return least == int.MaxValue ? UnknownKind
            : frame.Length < least ? "it is shorter than any frame of its kind"
            : kind is FrameKind.Pull or FrameKind.Session or FrameKind.Poll && frame.Length > least ? "bytes are left behind its identity"
            : kind == FrameKind.Push && frame[1] >= RpcLimits.MaxUploads ? "a member has fewer parameters that are streams"
            : null;
    }

    /// <summary>Whether a frame is a call, and not a part of one.</summary>
    public static bool IsCall(ReadOnlySpan<byte> frame) => IsPlainCall(frame) || IsOpen(frame);

    /// <summary>Whether a frame is a call without streams.</summary>
    public static bool IsPlainCall(ReadOnlySpan<byte> frame) => frame is [(byte)FrameKind.Call or (byte)FrameKind.CallWithMetadata, ..];

    /// <summary>Writes the beginning of a call.</summary>
    public static void WriteCall(ref RpcWriter writer, ushort member, ulong hash, ReadOnlySpan<byte> metadata = default)
    {
        FrameKind kind = metadata.IsEmpty ? FrameKind.Call : FrameKind.CallWithMetadata;
        WriteHeader(ref writer, kind, TakesAll, member, (uint)hash);
        WriteMetadata(ref writer, metadata);
    }

    /// <summary>Writes the beginning of a call with streams.</summary>
    public static void WriteOpen(ref RpcWriter writer, ushort member, ulong hash, Guid id, ReadOnlySpan<byte> metadata = default)
    {
        FrameKind kind = metadata.IsEmpty ? FrameKind.Open : FrameKind.OpenWithMetadata;
        WriteHeader(ref writer, kind, TakesAll, member, (uint)hash);
        writer.WriteGuid(id);
        WriteMetadata(ref writer, metadata);
    }

    /// <summary>Writes the number of the member and the hash of the contract anew.</summary>
    public static void Renumber(Span<byte> call, ushort member, ulong hash)
    {
        RpcWriter header = new(call[..CallHeader]);
        WriteHeader(ref header, (FrameKind)call[0], TakesAll, member, (uint)hash);
    }

    /// <summary>Returns the number of the member that a call names, and the low half of its contract's hash.</summary>
    public static (ushort Member, uint Hash) Called(ReadOnlySpan<byte> call)
    {
        RpcReader header = new(call);
        _ = header.ReadUInt16();
        return (header.ReadUInt16(), header.ReadUInt32());
    }

    /// <summary>Whether a reply says that the call names another version of the contract than the server's.</summary>
    public static bool IsStale(Message reply) => reply.Span is [(byte)ReplyStatus.Stale, ..];

    private static bool IsOpen(ReadOnlySpan<byte> frame) => frame is [(byte)FrameKind.Open or (byte)FrameKind.OpenWithMetadata, ..];

    private static void WriteMetadata(ref RpcWriter writer, ReadOnlySpan<byte> metadata)
    {
        if (!metadata.IsEmpty)
        {
            writer.WriteBytes(metadata);
        }
    }

    /// <summary>Makes a request for items.</summary>
    /// <param name="id">The identity of the call.</param>
    /// <param name="most">How many bytes of items a frame may bring. A single item may be longer.</param>
    public static byte[] Pull(Guid id, int most) => WithId(FrameKind.Pull, 0, most, id);

    /// <summary>Makes the beginning of a frame that brings items.</summary>
    /// <param name="id">The identity of the call.</param>
    /// <param name="stream">The number of the parameter among the stream parameters.</param>
    public static byte[] Push(Guid id, int stream) => WithId(FrameKind.Push, (byte)stream, 0, id);

    /// <summary>Makes the frame that stays open as long as a client takes callbacks.</summary>
    public static byte[] Session(Guid id) => WithId(FrameKind.Session, 0, 0, id);

    /// <summary>Makes a request for callbacks.</summary>
    public static byte[] Poll(Guid id) => WithId(FrameKind.Poll, TakesTraces, 0, id);

    /// <summary>Writes the beginning of the reply to a callback.</summary>
    public static void WriteAnswer(ref RpcWriter writer, Guid session, int number)
    {
        WriteHeader(ref writer, FrameKind.Answer, 0, 0, (uint)number);
        writer.WriteGuid(session);
    }

    private static byte[] WithId(FrameKind kind, byte stream, int most, Guid id)
    {
        RpcWriter writer = new(stackalloc byte[OpenHeader]);
        WriteHeader(ref writer, kind, stream, 0, (uint)most);
        writer.WriteGuid(id);
        return writer.Written.ToArray();
    }

    private static void WriteHeader(ref RpcWriter writer, FrameKind kind, byte stream, ushort member, uint rest)
    {
        // Little-endian: kind, stream, member, rest.
        writer.WriteUInt64((byte)kind | ((ulong)stream << 8) | ((ulong)member << 16) | ((ulong)rest << 32));
    }

    /// <summary>Writes a hello.</summary>
    /// <param name="writer">Gets the bytes.</param>
    /// <param name="wanted">The client's contract; null: it has none, and takes those of the server.</param>
    public static void WriteHello(ref RpcWriter writer, RpcDescription? wanted)
    {
        writer.WriteByte((byte)FrameKind.Hello);
        writer.WriteByte(VersionForAll);
        writer.WriteUInt64(wanted?.Hash ?? 0);
        writer.WriteString(wanted?.Name ?? "");
    }
}
