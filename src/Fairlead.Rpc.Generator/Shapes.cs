using System.Text;
using Microsoft.CodeAnalysis;

namespace Fairlead.Rpc.Generator;

/// <summary>Writes the form of a type, or of a member, on the wire: the language of docs/rpc-format.md.</summary>
/// <remarks>The text depends on the type alone, wherever it is used. A type within itself is told by how far out it began.</remarks>
internal sealed class Shapes
{
    /// <summary>The longest shape, in characters. Types that are nested with a choice at each level double it each time.</summary>
    public const int MaxLength = 100_000;

    /// <summary>How deep types are followed. Marshalling reports deeper ones.</summary>
    private const int MaxDepth = Marshalling.MaxDepth;

    private const string ByteStream = "*bytes";

    private readonly StringBuilder _text = new();

    // The composite types around the place, the innermost last; and the contracts.
    private readonly List<string> _around = [];
    private readonly HashSet<string> _contracts = new(StringComparer.Ordinal);

    private SerializerChoice? _serializer;
    private Converters _converters = Converters.None;

    /// <summary>The shape of a member: parameters and result.</summary>
    public static string Of(Member member, SerializerChoice? serializer, Converters converters)
    {
        Shapes shapes = new() { _serializer = serializer, _converters = converters };
        shapes.Add(member);
        return $"{shapes._text}";
    }

    /// <summary>The shape of the member of an <c>IProgress</c>, by the type of a report.</summary>
    public static string OfReport(ITypeSymbol report, SerializerChoice? serializer, Converters converters)
    {
        Shapes shapes = new() { _serializer = serializer, _converters = converters };
        shapes.AddReport(report);
        return $"{shapes._text}";
    }

    private void AddReport(ITypeSymbol report)
    {
        _text.Append('(');
        Add(report);
        _text.Append(')');
    }

    private void Add(Member member)
    {
        _text.Append('(');
        Separate(
            member.Parameters,
            parameter =>
            {
                if (Member.IsByteStream(parameter.Type))
                {
                    // Whatever marshals the other values.
                    _text.Append(ByteStream);
                }
                else if (Member.ItemOf(parameter.Type) is { } item)
                {
                    _text.Append('*');
                    Add(item);
                }
                else if (Member.ReportOf(parameter.Type) is { } report)
                {
                    _text.Append("&call{Report");
                    AddReport(report);
                    _text.Append(parameter.NullableAnnotation == NullableAnnotation.Annotated ? "}?" : "}");
                }
                else if (Member.IsContract(parameter.Type))
                {
                    _text.Append(Member.IsDuringCall(parameter) ? "&call" : "&");
                    AddContract((INamedTypeSymbol)parameter.Type);
                }
                else
                {
                    Add(parameter.Type);
                }
            });
        _text.Append(')');
        if (member.ReturnsBytes)
        {
            _text.Append("->").Append(ByteStream);
        }
        else if (member.Result is { } result)
        {
            _text.Append(member.Form == CallForm.Stream ? "->*" : "->");
            Add(result);
        }
    }

    // The members of an object that is called back are part of the shape: both sides must know the same.
    private void AddContract(INamedTypeSymbol contract)
    {
        string name = Marshalling.Name(contract.WithNullableAnnotation(NullableAnnotation.NotAnnotated), plain: true);
        _text.Append('{');

        // One within itself is refused elsewhere.
        if (_contracts.Add(name))
        {
            // Its own file reports what is wrong with it.
            bool isFirst = true;
            (SerializerChoice?, Converters) around = (_serializer, _converters);
            (_serializer, _converters) = (SerializerChoice.Of(contract), Converters.Of(contract));
            foreach (Member member in ContractReader.Members(contract, [], CancellationToken.None))
            {
                _text.Append(isFirst ? "" : ";").Append(member.Method.Name);
                Add(member);
                _text.Append(member.Kinds.Contains("OneWay") ? "!" : "");
                isFirst = false;
            }

            (_serializer, _converters) = around;
            _contracts.Remove(name);
        }

        _text.Append(contract.NullableAnnotation == NullableAnnotation.Annotated ? "}?" : "}");
    }

    private void Add(ITypeSymbol type)
    {
        if (_text.Length > MaxLength)
        {
            return;
        }

        if (_serializer is not null)
        {
            _text.Append(SerializerChoice.Mark).Append(_serializer.Format);
            return;
        }

        TypeForm form = TypeForm.From(type, _converters);
        switch (form.Kind)
        {
            case FormKind.Simple:
                _text.Append(TypeForm.SimpleOf(type).Shape);
                break;
            case FormKind.Enum or FormKind.Converted:
                Add(form.Of);
                break;
            case FormKind.OptionalText:
                _text.Append("text?");
                break;
            case FormKind.Optional:
                Add(form.Of);
                _text.Append('?');
                break;
            case FormKind.Bytes:
                _text.Append("bytes");
                break;
            case FormKind.Array or FormKind.List or FormKind.Sequence:
                _text.Append('[');
                Add(form.Of);
                _text.Append(']');
                break;
            case FormKind.Set:
                _text.Append('{');
                Add(form.Of);
                _text.Append('}');
                break;
            case FormKind.Map:
                _text.Append('{');
                Add(form.Of);
                _text.Append('=');
                Add(form.Value);
                _text.Append('}');
                break;
            case FormKind.Union:
                AddUnion(type);
                break;
            default:
                AddComposite(type, isCase: false);
                break;
        }
    }

    private bool IsAround(string name)
    {
        if (_around.LastIndexOf(name) is not (>= 0 and int at))
        {
            return false;
        }

        _text.Append('^').Append(_around.Count - at);
        return true;
    }

    private void AddUnion(ITypeSymbol type)
    {
        string name = Marshalling.Name(type);
        if (!IsAround(name) && _around.Count < MaxDepth)
        {
            _around.Add(name);
            _text.Append("|{");
            Separate(
                UnionType.CasesOf(type),
                one =>
                {
                    _text.Append(one.Number).Append(':').Append(one.Type.Name).Append(':');
                    AddComposite(one.Type, isCase: true);
                });
            _text.Append('}');
            _around.RemoveAt(_around.Count - 1);
        }
    }

    private void AddComposite(ITypeSymbol type, bool isCase)
    {
        // A case that is a union itself is another type than that union.
        string name = isCase && UnionType.IsUnion(type) ? $"{Marshalling.Name(type)} as a case" : Marshalling.Name(type);
        if (IsAround(name))
        {
            return;
        }

        // A type that cannot be marshalled is reported where it is used.
        if (_around.Count < MaxDepth && CompositeType.Read(type, isCase) is { } composite)
        {
            _around.Add(name);
            (string open, string close) = composite.Brackets;
            _text.Append(open);
            Separate(
                composite.PartsByNumber,
                part =>
                {
                    _text.Append(composite.Label(part));
                    Add(part.Type);
                });
            _text.Append(close);
            _around.RemoveAt(_around.Count - 1);
        }
    }

    private void Separate<T>(IEnumerable<T> items, Action<T> add)
    {
        bool isFirst = true;
        foreach (T item in items)
        {
            _text.Append(isFirst ? "" : ",");
            add(item);
            isFirst = false;
        }
    }
}
