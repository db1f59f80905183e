namespace Fairlead.Bench.Contenders;

/// <summary>A mutex that two processes share: the server has it open, and alternates with the client on request.</summary>
internal abstract class MutexContender(string name) : Contender<MutexUser>(name)
{
    public sealed override void Serve(Session session, Action listening)
    {
        using var mutex = Connect(session);
        using var page = new TurnPage(session);
        using var socket = UnixSockets.AcceptOne(session, listening);
        byte[] asked = new byte[1];
        while (socket.ReceiveAll(asked))
        {
            page.TakeTurns(mutex, me: 2, end: long.MaxValue, samples: default);
            socket.SendAll(asked);
        }
    }
}

/// <summary>One process's access to the mutex.</summary>
internal abstract class MutexUser : IDisposable
{
    public abstract void Enter();

    public abstract void Leave();

    public abstract void Dispose();
}
