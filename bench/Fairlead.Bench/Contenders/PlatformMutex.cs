namespace Fairlead.Bench.Contenders;

/// <summary>The mutex of .NET on Linux: a named mutex that belongs to a thread.</summary>
internal sealed class PlatformMutex() : MutexContender("System.Threading.Mutex, named")
{
    // The runtime keeps such names in a directory of the user, and removes them with their last user.
    public override MutexUser Connect(Session session) =>
        new User(new Mutex(initiallyOwned: false, Naming.OfObject(session)));

    private sealed class User(Mutex mutex) : MutexUser
    {
        public override void Enter() => mutex.WaitOne();

        public override void Leave() => mutex.ReleaseMutex();

        public override void Dispose() => mutex.Dispose();
    }
}
