using Fairlead.Synchronization;

namespace Fairlead.Bench.Contenders;

internal sealed class FairleadMutex() : MutexContender("Fairlead NamedMutex")
{
    public override MutexUser Connect(Session session) => new User(NamedMutex.Open(session.Name));

    private sealed class User(NamedMutex mutex) : MutexUser
    {
        private MutexScope _scope;

        public override void Enter() => _scope = mutex.Enter();

        public override void Leave() => _scope.Dispose();

        public override void Dispose() => mutex.Dispose();
    }
}
