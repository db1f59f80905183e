namespace Fairlead.Bench.Contenders;

/// <summary>The client's half of a round trip: a <see cref="BlockingCaller"/> or an <see cref="AsyncCaller"/>.</summary>
internal abstract class Caller : IDisposable
{
    /// <summary>A round is about to begin: a server that spins may have been at rest.</summary>
    public virtual void BeginRound()
    {
    }

    /// <summary>The round is over.</summary>
    public virtual void EndRound()
    {
    }

    public abstract void Dispose();
}

/// <summary>Calls by blocking the calling thread.</summary>
internal abstract class BlockingCaller : Caller
{
    /// <summary>Sends the request and waits for the reply, which is as long.</summary>
    public abstract void Call(ReadOnlySpan<byte> request, Span<byte> reply);
}

/// <summary>Calls by awaiting.</summary>
internal abstract class AsyncCaller : Caller
{
    /// <summary>Sends the request and awaits the reply, which is as long.</summary>
    public abstract ValueTask CallAsync(ReadOnlyMemory<byte> request, Memory<byte> reply);
}

/// <summary>The client's half of many calls at once over one connection.</summary>
internal abstract class ConcurrentCaller : IDisposable
{
    /// <summary>Runs one of the callers, each of which awaits one call after the other, until its loop ends.</summary>
    public abstract Task CallAsync(EchoLoop loop);

    public abstract void Dispose();
}

/// <summary>The client's half of a stream.</summary>
internal abstract class OneWaySender : IDisposable
{
    /// <summary>
    /// Asks the readers how many bytes their processes have allocated since they were asked before, summed over them. Null if they do not
    /// say so, and the first time. Not called within a measured time: each reader stops its threads to count.
    /// </summary>
    public virtual long? AskAllocatedByReaders() => null;

    /// <summary>Sends a message, and blocks while the receiver is too slow. It may not have left when this returns.</summary>
    public abstract void Send(ReadOnlySpan<byte> message);

    /// <summary>Sends a message and returns when the receiver has acknowledged it, and so all before it.</summary>
    public abstract void SendLast(ReadOnlySpan<byte> message);

    public abstract void Dispose();
}
