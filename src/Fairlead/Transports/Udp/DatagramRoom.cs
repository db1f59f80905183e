using Fairlead.Native.Sockets;

namespace Fairlead.Transports.Udp;

/// <summary>Memory for one thread that reads or writes reliable sessions.</summary>
/// <remarks>There are as many as threads that do so at the same time, which are few.</remarks>
internal sealed class DatagramRoom
{
    private const int OutputBytes = 64 * 1024;
    private const int MostKept = 4;

    private static readonly RankedLock Gate = new(LockRank.DatagramPool);
    private static readonly Stack<DatagramRoom> Kept = new();

    private DatagramRoom()
    {
    }

    /// <summary>The received datagrams. No datagram of a session is longer.</summary>
    public DatagramBatch Batch { get; } = new(SegmentBuffers.Local + 1024);

    /// <summary>The datagrams to write.</summary>
    public byte[] Output { get; } = GC.AllocateUninitializedArray<byte>(OutputBytes);

    /// <summary>Takes one from the pool. <see cref="Return"/> returns it.</summary>
    public static DatagramRoom Rent()
    {
        using (Gate.Hold())
        {
            return Kept.TryPop(out DatagramRoom? kept) ? kept : new DatagramRoom();
        }
    }

    public void Return()
    {
        using (Gate.Hold())
        {
            if (Kept.Count < MostKept)
            {
                Kept.Push(this);
            }
        }
    }
}
