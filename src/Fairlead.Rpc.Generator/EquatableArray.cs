using System.Collections;
using System.Collections.Immutable;

namespace Fairlead.Rpc.Generator;

/// <summary>An array that compares its elements: by that the compiler sees that nothing has changed.</summary>
internal readonly record struct EquatableArray<T>(ImmutableArray<T> Items) : IReadOnlyList<T>
    where T : IEquatable<T>
{
    public int Count => Items.IsDefault ? 0 : Items.Length;

    public T this[int index] => Items[index];

    public bool Equals(EquatableArray<T> other) => this.SequenceEqual(other);

    public override int GetHashCode() => this.Aggregate(17, static (hash, item) => unchecked((hash * 31) + item.GetHashCode()));

    public IEnumerator<T> GetEnumerator() => (Items.IsDefault ? [] : (IEnumerable<T>)Items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
