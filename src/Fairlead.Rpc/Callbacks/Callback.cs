namespace Fairlead.Rpc.Callbacks;

/// <summary>The request of a server to its client: execute a frame, or cancel one.</summary>
/// <param name="Number">The number of the callback in its session.</param>
/// <param name="Target">The number of the client's object; 0: cancel the callback of that number.</param>
/// <param name="Timeout">How long the server waits; null: without limit.</param>
/// <param name="Frame">The frame, as for a service.</param>
internal readonly record struct Callback(int Number, int Target, TimeSpan? Timeout, byte[] Frame)
{
    /// <summary>Writes it, as docs/rpc-format.md shows.</summary>
    public void Write(ref RpcWriter writer)
    {
        writer.WriteInt32(Number);
        writer.WriteInt32(Target);
        writer.WriteInt64(Timeout?.Ticks ?? -1);
        writer.WriteBytes(Frame);
    }

    /// <exception cref="RpcFormatException">It is not one.</exception>
    public static Callback Read(ref RpcReader reader)
    {
        int number = reader.ReadInt32();
        int target = reader.ReadInt32();
        long ticks = reader.ReadInt64();
        return new Callback(number, target, ticks < 0 ? null : TimeSpan.FromTicks(ticks), reader.ReadBytes());
    }
}
