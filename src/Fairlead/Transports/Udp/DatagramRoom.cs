using Fairlead.Native;

namespace Fairlead.Transports.Udp;

/// <summary>
/// Memory for what one thread reads and writes of reliable sessions at a time. There are as many as there are threads that do so at once,
/// which are few.
/// </summary>
internal sealed class DatagramRoom
{
    private const int OutputBytes = 64 * 1024;
    private const int MostKept = 4;

    private static readonly RankedLock Gate = new(LockRank.DatagramPool);
    private static readonly Stack<DatagramRoom> Kept = new();

    private DatagramRoom()
    {
    }

    /// <summary>What was read. No datagram of a session is longer.</summary>
    public DatagramBatch Batch { get; } = new(SegmentBuffers.Local + 1024);

    /// <summary>What is to be written.</summary>
    public byte[] Output { get; } = GC.AllocateUninitializedArray<byte>(OutputBytes);

    /// <summary>The release is <see cref="Return"/>.</summary>
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
