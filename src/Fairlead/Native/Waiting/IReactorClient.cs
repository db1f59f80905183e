namespace Fairlead.Native.Waiting;

/// <summary>Is called by the <see cref="Reactor"/> when its descriptor is ready.</summary>
internal interface IReactorClient
{
    /// <summary>
    /// Runs on a reactor thread, once each time the registration was armed and the descriptor became ready. Sometimes it runs spuriously:
    /// check before acting. It may block, and it may run concurrently with itself if it arms before it ends.
    /// </summary>
    void OnReady(PollEvents events);

    /// <summary>
    /// Runs on the same thread after <see cref="OnReady"/>, repeatedly while it returns true. The thread may park elsewhere meanwhile and
    /// serve the client from there. Other reactor threads wait in the meantime; only a few may be parked at a time.
    /// </summary>
    bool Park() => false;

    /// <summary>
    /// Runs when one of the methods above threw. The reactor is not affected. The client reports the error to the waiting callers, or arms
    /// again.
    /// </summary>
    void OnFailed(Exception exception)
    {
    }
}
