using System.Buffers.Binary;
using System.Diagnostics;

namespace Fairlead.Bench.Contenders;

/// <summary>One of many concurrent callers: its requests, the check of each reply, and how many calls it has made.</summary>
/// <param name="caller">The number of this caller, which is in every request.</param>
/// <param name="size">Bytes of a request, and of its reply.</param>
/// <param name="end">The timestamp of <see cref="Stopwatch"/> after which at most fifteen more calls begin.</param>
internal sealed class EchoLoop(int caller, int size, long end)
{
    /// <summary>How many calls are made from one reading of the clock to the next: reading it costs a tenth of a call over shared
    /// memory.</summary>
    private const int Untimed = 16;

    private readonly byte[] _request = new byte[size];

    /// <summary>The request that is due; the same memory each time.</summary>
    public ReadOnlyMemory<byte> Request => _request;

    /// <summary>Calls that have their reply.</summary>
    public int Calls { get; private set; }

    /// <summary>The number of this caller.</summary>
    public int Caller => caller;

    /// <summary>Writes the next request.</summary>
    /// <returns>False when the round is over.</returns>
    public bool Next()
    {
        BinaryPrimitives.WriteInt32LittleEndian(_request, caller);
        BinaryPrimitives.WriteInt32LittleEndian(_request.AsSpan(sizeof(int)), Calls);
        return Calls % Untimed != 0 || Stopwatch.GetTimestamp() < end;
    }

    /// <summary>Counts the call if the reply equals the request, and throws otherwise.</summary>
    public void Check(ReadOnlySpan<byte> reply)
    {
        if (!reply.SequenceEqual(_request))
        {
            throw new InvalidDataException($"call {Calls} of caller {caller} got the reply of another call");
        }

        Calls++;
    }

    /// <summary>Counts the call if the reply is the sum of <see cref="Caller"/> and <see cref="Calls"/>, and throws otherwise.</summary>
    public void Check(int sum)
    {
        if (sum != caller + Calls)
        {
            throw new InvalidDataException($"call {Calls} of caller {caller} got the sum of another call");
        }

        Calls++;
    }
}
