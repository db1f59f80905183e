namespace Fairlead.Cli.Rpc;

/// <summary>Finds the enums among the integers of a shape, by the types that the declaration of a member names.</summary>
/// <remarks>A shape and a type that do not fit each other keep their numbers: the shape alone says what is on the wire.</remarks>
/// <param name="types">The types of the contract.</param>
internal sealed class ShapeNames(DeclaredTypes types)
{
    // The types around the place that refer to themselves, and what became of them.
    private readonly Dictionary<Shape, Shape> _around = new(ReferenceEqualityComparer.Instance);

    /// <summary>Finds the enums of a member.</summary>
    /// <param name="member">The shape.</param>
    /// <param name="declaration">Its declaration; null: it cannot be read.</param>
    public MemberShape Of(MemberShape member, Declaration? declaration)
    {
        if (declaration is null || declaration.Parameters.Count != member.Parameters.Count)
        {
            return member;
        }

        return new MemberShape(
            [.. member.Parameters.Select((shape, i) => Of(shape, declaration.Parameters[i].Type))],
            member.Result is { } result ? Of(result, Awaited(declaration.Result)) : null);
    }

    private Shape Of(Shape shape, string type)
    {
        type = types.Travelling(type);
        switch (shape)
        {
            case SimpleShape simple:
                return types.Enum(type) is { } found && found.Integer.Name == simple.Name ? found : shape;
            case OptionalShape optional when type.EndsWith('?'):
                return new OptionalShape(Of(optional.Inner, type[..^1]));
            case ListShape list when ElementOf(type) is { } element:
                return new ListShape(Of(list.Element, element), list.IsSet);
            case StreamShape stream when ElementOf(type) is { } item:
                return new StreamShape(Of(stream.Element, item));
            case MapShape map when Arguments(type) is [var key, var value]:
                return new MapShape(Of(map.Key, key), Of(map.Value, value));
            case TupleShape tuple when TupleParts(type) is { } parts && parts.Count == tuple.Parts.Count:
                TupleShape named = new();
                Within(tuple, named, () => named.Parts = [.. tuple.Parts.Select((part, i) => Of(part, parts[i]))]);
                return named;
            case CompositeShape composite when types.Record(type) is { } record:
                CompositeShape whole = new();
                Within(composite, whole, () => whole.Parts = [.. composite.Parts.Select(part => Of(part, record))]);
                return whole;
            case NumberedShape numbered when types.Record(type) is { } record:
                NumberedShape grown = new();
                Within(
                    numbered,
                    grown,
                    () => grown.Parts = numbered.Parts.ToDictionary(static one => one.Key, one => Of(one.Value, record)));
                return grown;
            case UnionShape union when types.Union(type) is { } cases:
                UnionShape chosen = new();
                Within(
                    union,
                    chosen,
                    () => chosen.Cases = union.Cases.ToDictionary(
                        static one => one.Key,
                        one => cases.TryGetValue(one.Key, out string? name)
                            ? one.Value with { Shape = Of(one.Value.Shape, name) }
                            : one.Value));
                return chosen;
            case RecursiveShape recursive when _around.TryGetValue(recursive.Target, out Shape? target):
                return new RecursiveShape(recursive.Outward, target);
            case CallbackShape callback when types.Contract(type) is { } contract:
                return new CallbackShape([.. callback.Members.Select(member => Of(member, contract))], callback.IsDuringCall);
            default:
                return shape;
        }
    }

    private ShapePart Of(ShapePart part, IReadOnlyDictionary<string, string> record) =>
        record.TryGetValue(part.Name, out string? type) ? part with { Shape = Of(part.Shape, type) } : part;

    private CallbackMember Of(CallbackMember member, IReadOnlyDictionary<string, Declaration> contract) =>
        member with { Shape = Of(member.Shape, contract.GetValueOrDefault(member.Name)) };

    private void Within(Shape shape, Shape named, Action read)
    {
        _around[shape] = named;
        read();
        _around.Remove(shape);
    }

    // The type of the value for which a caller waits.
    private static string Awaited(string type) =>
        type.StartsWith("ValueTask<", StringComparison.Ordinal) || type.StartsWith("Task<", StringComparison.Ordinal)
            ? Arguments(type) is [var value] ? value : type
            : type;

    private static string? ElementOf(string type) =>
        type.EndsWith("[]", StringComparison.Ordinal) ? type[..^2] : Arguments(type) is [var element] ? element : null;

    // (int Least, Grade Most)
    private static List<string>? TupleParts(string type) => type is ['(', .. var parts, ')']
        ? [.. Declaration.Split(parts, ',').Select(static part => Declaration.Words(part) is [var first, ..] ? first : "")]
        : Arguments(type);

    private static List<string>? Arguments(string type) => type.EndsWith('>') && Declaration.IndexOf(type, '<') is > 0 and int open
        ? [.. Declaration.Split(type[(open + 1)..^1], ',').Select(static one => one.Trim())]
        : null;
}
