namespace Fairlead.Rpc.Calls;

/// <summary>The first byte of a request.</summary>
internal enum FrameKind : byte
{
    /// <summary>Asks for the description of the service. Sent first on each connection, and by tools.</summary>
    Hello = 1,

    /// <summary>Calls a member.</summary>
    Call = 2,
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
}

/// <summary>The frames that are not calls' arguments, as docs/rpc-format.md shows them.</summary>
internal static class Frames
{
    /// <summary>The version of the format.</summary>
    public const byte Version = 1;

    /// <summary>The bytes before the arguments of a call: kind, a zero, member, and the low half of the contract's hash.</summary>
    public const int CallHeader = 8;

    /// <summary>Writes the beginning of a call.</summary>
    public static void WriteCall(ref RpcWriter writer, ushort member, ulong hash)
    {
        writer.WriteByte((byte)FrameKind.Call);
        writer.WriteByte(0);
        writer.WriteUInt16(member);
        writer.WriteUInt32((uint)hash);
    }

    /// <summary>Writes a hello.</summary>
    /// <param name="writer">Gets the bytes.</param>
    /// <param name="wanted">The client's contract; null: it has none, and takes the server's.</param>
    public static void WriteHello(ref RpcWriter writer, RpcDescription? wanted)
    {
        writer.WriteByte((byte)FrameKind.Hello);
        writer.WriteByte(Version);
        writer.WriteUInt64(wanted?.Hash ?? 0);
        writer.WriteString(wanted?.Name ?? "");
    }
}
