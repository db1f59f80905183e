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

    // The records around the place, the innermost last, to which a ^Name refers.
    private readonly List<CompositeShape> _around = [];
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
            '#' => new NumberedShape(Name()),
            '^' => Recursive(),
            '&' => Callback(),
            '*' => Stream(),
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

    // &{Name(…)->…;Name(…)!}, and &^Name within it.
    private CallbackShape Callback()
    {
        Expect('&');
        if (Peek() == '^')
        {
            return new CallbackShape(null, Name());
        }

        Expect('{');
        List<CallbackMember> members = [];
        while (Peek() != '}')
        {
            string name = Word();
            MemberShape shape = Member();
            bool isOneWay = Peek() == '!';
            _at += isOneWay ? 1 : 0;
            members.Add(new CallbackMember(name, shape, isOneWay));
            if (Peek() != '}')
            {
                Expect(';');
            }
        }

        Expect('}');
        return new CallbackShape(members, "");
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
        return new TupleShape(Several(')'));
    }

    private StreamShape Stream()
    {
        Expect('*');
        return new StreamShape(One());
    }

    // {} {T} {K:V} {Name:T,…}. A single part may be named like a simple shape; it is taken for a dictionary then.
    private Shape Braces()
    {
        Expect('{');
        int start = _at;
        string name = Word();
        if (Peek() == '}' && name.Length == 0)
        {
            _at++;
            return new CompositeShape();
        }

        // Behind the name of a simple shape, only a second part shows that it is the name of a part.
        if (name.Length > 0 && Peek() == ':' && (!SimpleShape.Exists(name) || EndOfPart() == ','))
        {
            return Composite(name);
        }

        _at = start;
        Shape first = One();
        if (Peek() == '}')
        {
            _at++;
            return new ListShape(first, isSet: true);
        }

        Expect(':');
        Shape value = One();
        Expect('}');
        return new MapShape(first, value);
    }

    // What stands behind the part that begins here. A comma before a space belongs to a name.
    private char EndOfPart()
    {
        int open = 0;
        for (int i = _at; i < _text.Length; i++)
        {
            switch (_text[i])
            {
                case '{' or '[' or '(':
                    open++;
                    break;
                case '}' or ']' or ')' when open-- == 0:
                case ',' when open == 0 && i + 1 < _text.Length && _text[i + 1] != ' ':
                    return _text[i];
            }
        }

        return '\0';
    }

    // Behind the first name, before its colon.
    private CompositeShape Composite(string name)
    {
        CompositeShape composite = new();
        _around.Add(composite);
        List<ShapePart> parts = [];
        while (true)
        {
            if (name.Length == 0)
            {
                throw Wrong("the name of a part is missing");
            }

            Expect(':');
            parts.Add(new ShapePart(name, One()));
            if (Peek() != ',')
            {
                break;
            }

            _at++;
            name = Word();
        }

        Expect('}');
        _around.RemoveAt(_around.Count - 1);
        composite.Parts = parts;
        return composite;
    }

    private RecursiveShape Recursive()
    {
        int start = _at;
        string name = Name();
        return _around.Count switch
        {
            1 => new RecursiveShape(name, _around[0]),
            0 => throw Wrong($"'^{name}' stands outside the type to which it refers", start),
            _ => throw Wrong($"'^{name}' stands in several types, and the shape does not tell which of them it is", start),
        };
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

    // The full name of a type behind its mark. That of a generic type holds its arguments: Ns.Pair_int, string?_. Shapes have no spaces.
    private string Name()
    {
        int start = ++_at;
        int open = 0;
        while (_at < _text.Length)
        {
            char letter = Peek();
            char next = _at + 1 < _text.Length ? _text[_at + 1] : '\0';
            bool belongs = letter switch
            {
                '(' or '[' => ++open > 0,
                ')' or ']' => open-- > 0,
                ',' => open > 0 || next == ' ',
                '?' => open > 0 || next is '_' or '[' || (next == ',' && _at + 2 < _text.Length && _text[_at + 2] == ' '),
                _ => char.IsLetterOrDigit(letter) || letter is '_' or '.' or ' ' or '*' || IsCombining(letter),
            };
            if (!belongs)
            {
                break;
            }

            _at++;
        }

        return _at > start ? _text[start.._at] : throw Wrong("the name of a type is missing");
    }

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
