namespace Fairlead.Rpc.Calls;

/// <summary>The reply of a server that has not executed a call.</summary>
internal readonly record struct Refusal(ErrorCode Code, string Text)
{
    /// <summary>Whether a reply is one.</summary>
    public static bool Is(Message reply) => reply.Span is [(byte)ReplyStatus.Refused, ..];

    /// <exception cref="FairleadException">Corrupt: it is malformed.</exception>
    public static Refusal Read(Message reply)
    {
        try
        {
            RpcReader reader = new(reply.Span);
            _ = reader.ReadByte();
            return Read(ref reader);
        }
        catch (RpcFormatException wrong)
        {
            throw wrong.From(reply.Peer);
        }
    }

    /// <summary>Reads what follows the status.</summary>
    public static Refusal Read(ref RpcReader reader)
    {
        var code = (ErrorCode)reader.ReadInt32();
        string text = reader.ReadString();
        reader.End();
        return new Refusal(Enum.IsDefined(code) ? code : ErrorCode.Unavailable, text);
    }
}
