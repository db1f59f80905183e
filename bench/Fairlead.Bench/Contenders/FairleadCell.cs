using Fairlead.Memory;

namespace Fairlead.Bench.Contenders;

internal sealed class FairleadCell() : CellContender("Fairlead SharedCell")
{
    public override CellUser Connect(Session session) => new User(SharedCell<FairleadBoard.Value>.Open(session.Name));

    private sealed class User(SharedCell<FairleadBoard.Value> cell) : CellUser
    {
        public override void Write() => cell.Write(new FairleadBoard.Value { Last = FairleadBoard.Value.Expected });

        public override long Read() => cell.Read().Last;

        public override void Dispose() => cell.Dispose();
    }
}
