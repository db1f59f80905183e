using System.Runtime.InteropServices;
using Fairlead.Memory;

namespace Fairlead.Bench.Contenders;

/// <param name="isByKey">Whether each read looks its cell up; else once.</param>
internal sealed class FairleadBoard(bool isByKey) : CellContender($"Fairlead SharedBoard{(isByKey ? ", by key" : "")}")
{
    private const string Key = "speed";

    public override CellUser Connect(Session session) => new User(SharedBoard.Open(session.Name), isByKey);

    /// <summary>The value that all contenders read: a cache line.</summary>
    [StructLayout(LayoutKind.Sequential, Size = Size)]
    internal struct Value
    {
        public const int Size = 64;
        public const long Expected = 7;

        public long Last;
    }

    private sealed class User(SharedBoard board, bool isByKey) : CellUser
    {
        private readonly BoardCell<Value> _cell = board.Cell<Value>(Key);

        public override void Write() => _cell.Write(new Value { Last = Value.Expected });

        public override long Read() => (isByKey ? board.Read<Value>(Key) : _cell.Read()).Last;

        public override void Dispose() => board.Dispose();
    }
}
