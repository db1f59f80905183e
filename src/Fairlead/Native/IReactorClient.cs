namespace Fairlead.Native;

/// <summary>Is told by the <see cref="Reactor"/> that its descriptor is ready.</summary>
internal interface IReactorClient
{
    /// <summary>
    /// Runs on a reactor thread, once for each time that the registration was armed and the descriptor got ready; now and then
    /// without reason, so look before you act. It may block, and run twice at once if it arms before it ends.
    /// </summary>
    void OnReady(PollEvents events);

    /// <summary>
    /// Runs on the same thread behind <see cref="OnReady"/>, again and again as long as it says true: the thread may sleep elsewhere and
    /// serve the client from there. The reactor has others that wait meanwhile; only a few may stay away at a time.
    /// </summary>
    bool Stay() => false;

    /// <summary>
    /// One of the above has thrown this, which costs the reactor nothing: whoever waits for what it was to do is told, or it is armed
    /// again.
    /// </summary>
    void OnFailed(Exception exception)
    {
    }
}
