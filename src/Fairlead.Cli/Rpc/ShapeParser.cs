using System.Globalization;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Rpc;

/// <summary>Parses shapes. The text is another program's: whatever it is, the end is a tree or an error.</summary>
internal sealed class ShapeParser
{
    /// <summary>How deep a shape, and a value of it, may be nested.</summary>
    public const int MaxDepth = 64;

    /// <summary>The longest shape of a member, in characters.</summary>
    public const int MaxLength = 1 << 18;

    private readonly string _text;

    // The tuples and the types with parts around the place, the innermost last, to which ^1, ^2 and so on refer.
    private readonly List<Shape> _around = [];
    private int _at;
    private int _depth;

    private ShapeParser(string text) => _text = text;

    /// <summary>Parses the shape of a member.</summary>
    /// <exception cref="ToolException">It is not in the language.</exception>
    public static MemberShape ParseMember(string text)
    {
        ShapeParser parser = new(Checked(text));
        MemberShape member = parser.Member();
        parser.End();
        return member;
    }

    /// <summary>Parses the shape of a value.</summary>
    /// <exception cref="ToolException">It is not in the language.</exception>
    public static Shape Parse(string text)
    {
        ShapeParser parser = new(Checked(text));
        Shape shape = parser.One();
        parser.End();
        return shape;
    }

    private static string Checked(string text) => text.Length <= MaxLength
        ? text
        : throw new ToolException(
            ExitCode.Failure, $"the shape of a member has {text.Length} characters, and at most {MaxLength} are read");

    private Shape One()
    {
        if (++_depth > MaxDepth)
        {
            throw Wrong($"it is nested deeper than {MaxDepth} levels");
        }

        Shape shape = Peek() switch
        {
            '[' => List(),
            '{' => Braces(),
            '(' => Tuple(),
            '#' => Numbered(),
            '|' => Union(),
            '^' => Recursive(),
            '&' => Callback(),
            '*' => Stream(),
            '~' => Serialized(),
            _ => Simple(),
        };
        _depth--;
        return Peek() == '?' ? Optional(shape) : shape;
    }

    private MemberShape Member()
    {
        Expect('(');
        List<Shape> parameters = Several(')');
        Shape? result = null;
        if (Peek() == '-')
        {
            _at++;
            Expect('>');
            result = One();
        }

        return new MemberShape(parameters, result);
    }

    // &{Name(…)->…;Name(…)!} &call{…}
    private CallbackShape Callback()
    {
        Expect('&');
        int at = _at;
        string kind = Word();
        if (kind is not ("" or "call"))
        {
            throw Wrong($"'{kind}' is not a lifetime of an object", at);
        }

        Expect('{');
        List<CallbackMember> members = [];
        while (Peek() != '}')
        {
            string name = Word();
            int start = _at;
            MemberShape shape = Member();
            string text = _text[start.._at];
            bool isOneWay = Peek() == '!';
            _at += isOneWay ? 1 : 0;
            members.Add(new CallbackMember(name, shape, text, isOneWay));
            if (Peek() != '}')
            {
                Expect(';');
            }
        }

        Expect('}');
        return new CallbackShape(members, isDuringCall: kind.Length > 0);
    }

    private Shape Optional(Shape shape)
    {
        _at++;
        return shape switch
        {
            OptionalShape or SimpleShape { Name: "text?" } or StreamShape => throw Wrong("a '?' too many", _at - 1),
            SimpleShape { Name: "text" } => new SimpleShape("text?"),
            _ => new OptionalShape(shape),
        };
    }

    private ListShape List()
    {
        Expect('[');
        Shape element = One();
        Expect(']');
        return new ListShape(element, isSet: false);
    }

    private TupleShape Tuple()
    {
        Expect('(');
        TupleShape tuple = new();
        _around.Add(tuple);
        tuple.Parts = Several(')');
        _around.RemoveAt(_around.Count - 1);
        return tuple;
    }

    private StreamShape Stream()
    {
        Expect('*');
        return new StreamShape(One());
    }

    private SerializedShape Serialized()
    {
        Expect('~');
        int start = _at;
        while (char.IsAsciiLetterLower(Peek()) || char.IsAsciiDigit(Peek()) || Peek() == '-')
        {
            _at++;
        }

        return _at > start ? new SerializedShape(_text[start.._at]) : throw Wrong("the name of a format is missing");
    }

    // {T} {K=V} {Name:T,…}
    private Shape Braces()
    {
        Expect('{');
        int start = _at;
        string name = Word();
        _at = start;
        if (name.Length > 0 && start + name.Length < _text.Length && _text[start + name.Length] == ':')
        {
            CompositeShape composite = new();
            composite.Parts = Parts(composite, Word, One);
            return composite;
        }

        Shape first = One();
        if (Peek() == '}')
        {
            _at++;
            return new ListShape(first, isSet: true);
        }

        Expect('=');
        Shape value = One();
        Expect('}');
        return new MapShape(first, value);
    }

    // #{1:Name:T,…}
    private NumberedShape Numbered()
    {
        Expect('#');
        NumberedShape numbered = new();
        numbered.Parts = PartsByNumber(numbered, One);
        return numbered;
    }

    // |{1:Name:T,…}
    private UnionShape Union()
    {
        int start = _at;
        Expect('|');
        UnionShape union = new();
        union.Cases = PartsByNumber(union, Case);
        return union.Cases.Values.FirstOrDefault(static one => UnionShape.TypeOf(one.Shape) is null) is { } wrong
            ? throw Wrong($"the case {wrong.Name} is not a type with parts", start)
            : union;
    }

    // Only a case may be without parts: elsewhere a short frame could announce any number of such values.
    private Shape Case()
    {
        if (string.CompareOrdinal(_text, _at, "{}", 0, 2) != 0)
        {
            return One();
        }

        _at += 2;
        return new CompositeShape();
    }

    private Dictionary<int, ShapePart> PartsByNumber(Shape type, Func<Shape> readShape)
    {
        Expect('{');
        List<int> numbers = [];
        IReadOnlyList<ShapePart> parts = Parts(
            type,
            () =>
            {
                int number = Number();
                if (numbers.Contains(number))
                {
                    throw Wrong($"two parts have the number {number}");
                }

                numbers.Add(number);
                Expect(':');
                return Word();
            },
            readShape);
        return parts.Zip(numbers).ToDictionary(static pair => pair.Second, static pair => pair.First);
    }

    // Behind the opening brace.
    private List<ShapePart> Parts(Shape type, Func<string> readName, Func<Shape> readShape)
    {
        _around.Add(type);
        List<ShapePart> parts = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        while (true)
        {
            string name = readName();
            if (name.Length == 0 || !names.Add(name))
            {
                throw Wrong(name.Length == 0 ? "the name of a part is missing" : $"two parts are called {name}");
            }

            Expect(':');
            parts.Add(new ShapePart(name, readShape()));
            if (Peek() != ',')
            {
                break;
            }

            _at++;
        }

        Expect('}');
        _around.RemoveAt(_around.Count - 1);
        return parts;
    }

    private RecursiveShape Recursive()
    {
        int start = _at;
        Expect('^');
        int outward = Number();
        return outward <= _around.Count
            ? new RecursiveShape(outward, _around[^outward])
            : throw Wrong($"'^{outward}' stands outside the type to which it refers", start);
    }

    private int Number()
    {
        int start = _at;
        while (char.IsAsciiDigit(Peek()))
        {
            _at++;
        }

        return int.TryParse(_text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number > 0 && _text[start] != '0'
            ? number
            : throw Wrong("a number is missing", start);
    }

    private SimpleShape Simple()
    {
        int start = _at;

        // The two words that are not identifiers.
        foreach (string word in (ReadOnlySpan<string>)["time+offset", "time-of-day"])
        {
            if (string.CompareOrdinal(_text, _at, word, 0, word.Length) == 0)
            {
                _at += word.Length;
                return new SimpleShape(word);
            }
        }

        string name = Word();
        return SimpleShape.Exists(name) ? new SimpleShape(name) : throw Wrong($"'{name}' is not a type", start);
    }

    private List<Shape> Several(char end)
    {
        List<Shape> shapes = [];
        if (Peek() != end)
        {
            shapes.Add(One());
            while (Peek() == ',')
            {
                _at++;
                shapes.Add(One());
            }
        }

        Expect(end);
        return shapes;
    }

    // An identifier of C#.
    private string Word()
    {
        int start = _at;
        while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] == '_' || IsCombining(_text[_at])))
        {
            _at++;
        }

        return _text[start.._at];
    }

    private static bool IsCombining(char letter) =>
        char.GetUnicodeCategory(letter) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.Surrogate or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.Format;

    private char Peek() => _at < _text.Length ? _text[_at] : '\0';

    private void Expect(char wanted)
    {
        if (Peek() != wanted)
        {
            throw Wrong($"'{wanted}' is missing");
        }

        _at++;
    }

    private void End()
    {
        if (_at < _text.Length)
        {
            throw Wrong("something follows its end");
        }
    }

    private ToolException Wrong(string what, int? at = null)
    {
        const int Shown = 100;
        string text = _text.Length > Shown ? $"{_text[..Shown]}…" : _text;
        return new ToolException(
            ExitCode.Failure,
            $"the description has a shape that cannot be read, '{VisibleText.OneLine(text)}', at character {(at ?? _at) + 1}: {what}. "
                + "The server may have a newer version of Fairlead.Rpc than this tool");
    }
}
