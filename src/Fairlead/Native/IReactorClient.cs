namespace Fairlead.Native;

/// <summary>Is told by the <see cref="Reactor"/> that its descriptor is ready.</summary>
internal interface IReactorClient
{
    /// <summary>
    /// Runs on a reactor thread, once for each time that the registration was armed and the descriptor got ready; now and then
    /// without reason, so look before you act. It may block, and run twice at once if it arms before it ends. It must not throw.
    /// </summary>
    void OnReady(PollEvents events);
}
