using System.Diagnostics;
using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Callbacks;

/// <summary>The request of a server to its client: execute a frame, or cancel one.</summary>
/// <param name="Number">The number of the callback in its session.</param>
/// <param name="Target">The number of the client's object; 0: cancel the callback of that number.</param>
/// <param name="Timeout">How long the server waits; null: without limit.</param>
/// <param name="Frame">The frame, as for a service.</param>
/// <param name="Trace">The activity in which the server called; the default: none.</param>
internal readonly record struct Callback(int Number, int Target, TimeSpan? Timeout, byte[] Frame, ActivityContext Trace = default)
{
    /// <summary>Writes the reply to a poll, as docs/rpc-format.md shows it.</summary>
    /// <param name="writer">Gets the bytes.</param>
    /// <param name="callbacks">The callbacks.</param>
    /// <param name="takesTraces">Whether the client has asked for trace contexts: any other refuses bytes behind the callbacks.</param>
    public static void WriteAll(ref RpcWriter writer, List<Callback> callbacks, bool takesTraces)
    {
        writer.WriteByte((byte)ReplyStatus.Ok);
        writer.WriteCount(callbacks.Count);
        bool isTraced = false;
        foreach (Callback callback in callbacks)
        {
            callback.Write(ref writer);
            isTraced |= callback.Trace != default;
        }

        if (takesTraces && isTraced)
        {
            foreach (Callback callback in callbacks)
            {
                CallbackTrace.Write(ref writer, callback.Trace);
            }
        }
    }

    /// <summary>Reads the reply to a poll.</summary>
    /// <exception cref="RpcFormatException">It is not one.</exception>
    public static Callback[] ReadAll(ReadOnlySpan<byte> reply)
    {
        RpcReader reader = new(reply);
        if (reader.ReadByte() != (byte)ReplyStatus.Ok)
        {
            throw RpcReader.Corrupt("the reply to a request for callbacks has another status");
        }

        Callback[] callbacks = new Callback[reader.ReadCount()];
        for (int i = 0; i < callbacks.Length; i++)
        {
            callbacks[i] = Read(ref reader);
        }

        // A server of an earlier version ends here, and so does one whose callbacks belong to no trace.
        bool isTraced = reader.Left > 0;
        for (int i = 0; i < callbacks.Length && isTraced; i++)
        {
            callbacks[i] = callbacks[i] with { Trace = CallbackTrace.Read(ref reader) };
        }

        reader.End();
        return callbacks;
    }

    private void Write(ref RpcWriter writer)
    {
        writer.WriteInt32(Number);
        writer.WriteInt32(Target);
        writer.WriteInt64(Timeout?.Ticks ?? -1);
        writer.WriteBytes(Frame);
    }

    private static Callback Read(ref RpcReader reader)
    {
        int number = reader.ReadInt32();
        int target = reader.ReadInt32();
        long ticks = reader.ReadInt64();
        return new Callback(number, target, ticks < 0 ? null : TimeSpan.FromTicks(ticks), reader.ReadBytes());
    }
}
