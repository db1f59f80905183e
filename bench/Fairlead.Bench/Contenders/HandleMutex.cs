namespace Fairlead.Bench.Contenders;

/// <summary>The mutex that programs for Windows get by the package Fairlead.NamedHandles.</summary>
internal sealed class HandleMutex() : MutexContender("Fairlead.NamedHandles Mutex")
{
    public override MutexUser Connect(Session session) => new User(new NamedHandles.Mutex(initiallyOwned: false, Naming.OfObject(session)));

    private sealed class User(NamedHandles.Mutex mutex) : MutexUser
    {
        public override void Enter() => mutex.WaitOne();

        public override void Leave() => mutex.ReleaseMutex();

        public override void Dispose() => mutex.Dispose();
    }
}
