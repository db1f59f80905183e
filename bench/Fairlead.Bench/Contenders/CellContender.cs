namespace Fairlead.Bench.Contenders;

/// <summary>A value in shared memory: the server writes it once and stays its writer, the client reads it.</summary>
internal abstract class CellContender(string name) : Contender<CellUser>(name)
{
    public sealed override void Serve(Session session, Action listening)
    {
        using var cell = Connect(session);
        cell.Write();
        using var socket = UnixSockets.AcceptOne(session, listening);
        byte[] nothing = new byte[1];
        while (socket.ReceiveAll(nothing))
        {
        }
    }
}

/// <summary>One process's hold on the value.</summary>
internal abstract class CellUser : IDisposable
{
    public abstract void Write();

    /// <summary>Returns the number in the value.</summary>
    public abstract long Read();

    public abstract void Dispose();
}
